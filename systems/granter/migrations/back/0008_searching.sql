alter table grants
    alter column search set expression as (
        setweight(words_of(language, title), 'A')
        || setweight(words_of(language, coalesce(funder, '')), 'B')
        || setweight(words_of(language, body), 'C')
    ),
    alter column head set expression as (
        setweight(words_of(language, title), 'A') || setweight(words_of(language, coalesce(funder, '')), 'B')
    ),
    alter column names set expression as (
        setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', coalesce(funder, '')), 'B')
    );

drop function searched_words;
drop function without_accents;

update grants set deadline_kind = 'unknown' where deadline_kind = 'closed';
alter table grants drop constraint grants_deadline_kind_check;
alter table grants add constraint grants_deadline_kind_check
    check (deadline_kind in ('date', 'rolling', 'unknown'));
alter table grants drop column copy_of;
