alter table grants
    drop column site, drop column topics, drop column region, drop column provenance, drop column head,
    drop column names;
alter table grants
    alter column title set storage extended,
    alter column funder set storage extended;
alter table grants reset (toast_tuple_target, parallel_workers);
drop index grants_by_deadline;
drop index grants_by_amount;
drop index grants_by_age;
drop index grants_funder;
drop index grants_search_en;
drop index grants_search_de;
drop index grants_search_fr;
drop index grants_search_es;
drop index grants_search_pt;
drop index grants_search_it;
drop index grants_search_nl;
drop index grants_search_others;
create index grants_search on grants using gin (search);
