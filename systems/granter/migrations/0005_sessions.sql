-- Sessions, each with its current refresh token, and the rate counters of failed log-ins.

create table sessions (
    family     uuid primary key,
    account_id uuid not null references accounts on delete cascade,
    token      uuid not null,
    previous   uuid,                                     -- the token before it, accepted for a short time after `rotated`
    rotated    timestamptz not null default '-infinity',
    began      timestamptz not null default now(),
    ends       timestamptz not null
);

create index sessions_by_account on sessions (account_id);
create index sessions_by_end on sessions (ends);

-- A key is a keyed digest of an account, an address or both, or the total, so that the table contains no names. A row
-- is meaningless after `spent_until`. The kit requires this table (`PostgresRateStore.TABLE`).
create unlogged table kit_rates (
    key         text primary key,
    spent_until timestamptz not null
);

create index kit_rates_spent_until on kit_rates (spent_until);
