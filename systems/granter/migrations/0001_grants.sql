-- Grants, extracted from notices by rules, and the rounds in which the notices were fetched.

-- The stemmed words of a text in its own language. A language is added here and in `languages.py`.
create function words_of(language text, words text) returns tsvector
language sql immutable strict parallel safe
return case language
    when 'en' then to_tsvector('english', words)
    when 'de' then to_tsvector('german', words)
    when 'fr' then to_tsvector('french', words)
    when 'es' then to_tsvector('spanish', words)
    when 'pt' then to_tsvector('portuguese', words)
    when 'it' then to_tsvector('italian', words)
    when 'nl' then to_tsvector('dutch', words)
    else to_tsvector('simple', words)
end;

create table grants (
    id            bigint generated always as identity primary key,
    source_url    text not null unique,
    content_hash  text not null,
    rules         integer not null,
    language      text not null,
    title         text not null,
    funder        text,
    deadline      date,
    deadline_kind text not null check (deadline_kind in ('date', 'rolling', 'unknown')),
    deadline_text text,
    amount_min    numeric(15, 2),
    amount_max    numeric(15, 2),
    currency      char(3),
    amount_text   text,
    body          text not null,
    summary       text not null,
    first_seen    timestamptz not null default now(),
    last_seen     timestamptz not null default now(),
    changed       timestamptz not null default now(),
    search        tsvector generated always as (
        setweight(words_of(language, title), 'A')
        || setweight(words_of(language, coalesce(funder, '')), 'B')
        || setweight(words_of(language, body), 'C')
    ) stored,
    check ((deadline_kind = 'date') = (deadline is not null)),
    check ((currency is null) = (amount_min is null and amount_max is null)),
    check (amount_min <= amount_max)
);

create index grants_search on grants using gin (search);

create table scrape_rounds (
    id        bigint generated always as identity primary key,
    rules     integer not null,
    began     timestamptz not null default now(),
    ended     timestamptz,
    pending   text[] not null,
    visited   text[] not null default '{}',
    seen      integer not null default 0,
    changed   integer not null default 0,
    failed    integer not null default 0
);
