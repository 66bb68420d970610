-- Deletes all grants: make a backup first.
drop table scrape_rounds;
drop table grants;
drop function words_of(text, text);
