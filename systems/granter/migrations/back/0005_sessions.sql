drop table kit_rates;
drop table sessions;
