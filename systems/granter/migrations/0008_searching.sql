-- Calls that are stated to be closed, whatever their date; and copies: notices with the same text as another one, which
-- searches return instead.

alter table grants drop constraint grants_deadline_kind_check;
alter table grants add constraint grants_deadline_kind_check
    check (deadline_kind in ('date', 'rolling', 'closed', 'unknown'));

alter table grants add column copy_of bigint references grants on delete set null;
create index grants_copies on grants (copy_of) where copy_of is not null;

-- `Forets` finds `Forêts`: words with accents are indexed both with and without them.

create function without_accents(words text) returns text
language sql immutable strict parallel safe
return normalize(regexp_replace(normalize(words, NFD), '[\u0300-\u036f]', '', 'g'), NFC);

create function searched_words(language text, words text) returns tsvector
language sql immutable strict parallel safe
return case without_accents(words)
    when words then words_of(language, words)
    else words_of(language, words) || words_of(language, without_accents(words))
end;

alter table grants
    alter column search set expression as (
        setweight(searched_words(language, title), 'A')
        || setweight(searched_words(language, coalesce(funder, '')), 'B')
        || setweight(searched_words(language, body), 'C')
    ),
    alter column head set expression as (
        setweight(searched_words(language, title), 'A')
        || setweight(searched_words(language, coalesce(funder, '')), 'B')
    ),
    alter column names set expression as (
        setweight(searched_words('', title), 'A') || setweight(searched_words('', coalesce(funder, '')), 'B')
    );
