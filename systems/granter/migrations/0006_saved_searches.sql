-- Saved searches of an account, each with a name.

create table saved_searches (
    id         uuid primary key default gen_random_uuid(),
    account_id uuid not null references accounts on delete cascade,
    name       text not null check (length(name) between 1 and 100),
    query      jsonb not null check (jsonb_typeof(query) = 'object'),
    created_at timestamptz not null default now(),
    unique (account_id, name)
);
