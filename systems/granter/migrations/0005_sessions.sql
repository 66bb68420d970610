-- Sessions: every log-in with the one refresh token of it that is not spent, and how often log-ins failed.

create table sessions (
    family     uuid primary key,
    account_id uuid not null references accounts on delete cascade,
    token      uuid not null,
    began      timestamptz not null default now(),
    ends       timestamptz not null
);

create index sessions_by_account on sessions (account_id);
create index sessions_by_end on sessions (ends);

-- What is counted has no name here: a keyed digest of an account, an address, both, or all together. One number
-- tells how far ahead of its rate it is; once that moment has passed the row means nothing.
create table failed_logins (
    key         text primary key,
    account     text,
    spent_until timestamptz not null
);

create index failed_logins_by_account on failed_logins (account) where account is not null;
create index failed_logins_by_end on failed_logins (spent_until);
