-- What is read from a notice besides: topics and region, and of every field who read it, when, and from which words.

-- Ranking reads the words of every hit: they stay in the row, and long texts leave it.
alter table grants alter column search set storage main;

alter table grants
    add column site       text not null default 'north',
    add column topics     text[] not null default '{}',
    add column region     text,
    add column provenance jsonb not null default '{}',
    -- Names as they are written, for finding them by their first letters.
    add column names      tsvector generated always as (
        to_tsvector('simple', title || ' ' || coalesce(funder, ''))
    ) stored;

update grants set provenance = jsonb_strip_nulls(jsonb_build_object(
    'title', jsonb_build_object('by', 'rules', 'at', changed, 'evidence', title),
    'funder', case when funder is not null then
        jsonb_build_object('by', 'rules', 'at', changed, 'evidence', funder) end,
    'deadline', case when deadline_text is not null then
        jsonb_build_object('by', 'rules', 'at', changed, 'evidence', deadline_text) end,
    'amount', case when amount_text is not null then
        jsonb_build_object('by', 'rules', 'at', changed, 'evidence', amount_text) end));

create index grants_topics on grants using gin (topics);
create index grants_names on grants using gin (names);
create index grants_by_deadline on grants (deadline, id);
create index grants_by_amount on grants (coalesce(amount_max, amount_min) desc nulls last, id);
create index grants_by_age on grants (first_seen desc, id desc);
create index grants_region on grants (region);
create index grants_funder on grants (lower(funder));
