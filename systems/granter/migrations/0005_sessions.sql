-- Sessions: every log-in with the one refresh token of it that is not spent, and how often log-ins failed.

create table sessions (
    family     uuid primary key,
    account_id uuid not null references accounts on delete cascade,
    token      uuid not null,
    before     uuid,                                     -- the one that it took the place of, and when
    turned     timestamptz not null default '-infinity',
    began      timestamptz not null default now(),
    ends       timestamptz not null
);

create index sessions_by_account on sessions (account_id);
create index sessions_by_end on sessions (ends);

-- What is counted has no name here: a keyed digest of an account, an address, both, or all together. One number
-- tells how far ahead of its rate it is; once that moment has passed the row means nothing. The table is the one that
-- the kit counts in (`PostgresRateStore.TABLE`).
create unlogged table kit_rates (
    key         text primary key,
    spent_until timestamptz not null
);

create index kit_rates_spent_until on kit_rates (spent_until);
