-- How much model time and cost the requested extractions of each hour have used, for all replicas together.

create table requested_extractions (
    hour    timestamptz primary key,
    seconds double precision not null check (seconds > -1),
    cents   double precision not null check (cents > -1)
);
