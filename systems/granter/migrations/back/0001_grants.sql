-- Takes the grants with it: a backup comes first.
drop table scrape_rounds;
drop table grants;
drop function words_of(text, text);
