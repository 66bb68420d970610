-- Several sources: each round visits all of them. The state of each page is stored, so that an unchanged page is not
-- read again and an interrupted round resumes.

create table rounds (
    id    bigint generated always as identity primary key,
    rules integer not null,
    began timestamptz not null default now(),
    ended timestamptz
);

insert into rounds (id, rules, began, ended) overriding system value
select id, rules, began, ended from scrape_rounds;

select setval(pg_get_serial_sequence('rounds', 'id'), coalesce(max(id), 0) + 1, false) from rounds;

-- A row is now the visit to one source in one round.
alter table scrape_rounds
    add column round     bigint references rounds on delete cascade,
    add column source    text not null default 'north',
    add column state     text not null default 'waiting' check (state in ('waiting', 'walking', 'done', 'broken')),
    add column pages     integer not null default 0,
    add column added     integer not null default 0,
    add column unchanged integer not null default 0,
    add column withdrawn integer not null default 0,
    add column error     text,
    add column at        timestamptz not null default now();

update scrape_rounds
set round = id, pages = cardinality(visited), unchanged = greatest(seen - changed, 0), at = coalesce(ended, began),
    state = case when ended is null then 'waiting' else 'done' end;

create unique index scrape_rounds_source on scrape_rounds (round, source);

create table pages (
    url           text primary key,
    source        text not null,
    listing       boolean not null,
    rules         integer not null,
    etag          text,
    last_modified text,
    content_hash  text,
    links         jsonb,
    readers       text[] not null default '{}',   -- the models with a final outcome; the last one read the stored grant
    round         bigint,
    fetched       timestamptz not null default now()
);

create index pages_of_round on pages (round, source);

insert into pages (url, source, listing, rules, content_hash, fetched)
select source_url, 'north', false, rules, content_hash, last_seen from grants;

-- When the notice disappeared from its source. The grant is kept, searches omit it, and the notice may reappear.
alter table grants add column withdrawn timestamptz;
