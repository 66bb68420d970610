-- Each visit to a source becomes a round again.
drop table pages;
drop index scrape_rounds_source;
alter table scrape_rounds
    drop column round, drop column source, drop column state, drop column pages, drop column added,
    drop column unchanged, drop column withdrawn, drop column error, drop column at;
drop table rounds;
alter table grants drop column withdrawn;
