-- Topics and region of each grant, and for every field its reader, the time and the evidence.

-- Filters, counts and the first sort read every hit, so the columns that they read stay in the row and long texts are
-- stored out of line. A search is too short for parallel workers to help.
alter table grants set (toast_tuple_target = 128, parallel_workers = 0);
alter table grants
    alter column title set storage main,
    alter column funder set storage main;

alter table grants
    add column site       text not null default 'north',
    add column topics     text[] storage main not null default '{}',
    add column region     text storage main,
    add column provenance jsonb not null default '{}',
    -- Words whose hits rank first, stemmed like all others.
    add column head       tsvector storage main generated always as (
        setweight(words_of(language, title), 'A') || setweight(words_of(language, coalesce(funder, '')), 'B')
    ) stored,
    -- Names without stemming, to find them by their first letters.
    add column names      tsvector storage main generated always as (
        setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', coalesce(funder, '')), 'B')
    ) stored;

update grants set provenance = jsonb_strip_nulls(jsonb_build_object(
    'title', jsonb_build_object('by', 'rules', 'at', changed, 'evidence', title),
    'funder', case when funder is not null then
        jsonb_build_object('by', 'rules', 'at', changed, 'evidence', funder) end,
    'deadline', case when deadline_text is not null then
        jsonb_build_object('by', 'rules', 'at', changed, 'evidence', deadline_text) end,
    'amount', case when amount_text is not null then
        jsonb_build_object('by', 'rules', 'at', changed, 'evidence', amount_text) end));

-- An index for each language: it is searched with the query in that language, so its hits need no recheck.
drop index grants_search;
create index grants_search_en on grants using gin (search) where language = 'en';
create index grants_search_de on grants using gin (search) where language = 'de';
create index grants_search_fr on grants using gin (search) where language = 'fr';
create index grants_search_es on grants using gin (search) where language = 'es';
create index grants_search_pt on grants using gin (search) where language = 'pt';
create index grants_search_it on grants using gin (search) where language = 'it';
create index grants_search_nl on grants using gin (search) where language = 'nl';
create index grants_search_others on grants using gin (search)
    where language not in ('en', 'de', 'fr', 'es', 'pt', 'it', 'nl');

create index grants_topics on grants using gin (topics);
create index grants_names on grants using gin (names);
create index grants_by_deadline on grants (deadline, id);
create index grants_by_amount on grants (coalesce(amount_max, amount_min) desc nulls last, id);
create index grants_by_age on grants (first_seen desc, id desc);
create index grants_region on grants (region);
create index grants_funder on grants (lower(funder));
