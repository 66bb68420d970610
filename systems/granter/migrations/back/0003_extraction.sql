alter table grants
    drop column site, drop column topics, drop column region, drop column provenance, drop column names;
alter table grants alter column search set storage extended;
drop index grants_by_deadline;
drop index grants_by_amount;
drop index grants_by_age;
drop index grants_funder;
