-- The model time and cost used by requested extractions in each hour, of all replicas.

create table requested_extractions (
    hour    timestamptz primary key,
    seconds double precision not null check (seconds > -1),
    cents   double precision not null check (cents > -1)
);
