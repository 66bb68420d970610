-- Accounts, by e-mail address. The service normalizes addresses, so that one mailbox is one account.

create table accounts (
    id            uuid primary key default gen_random_uuid(),
    email         text not null unique check (length(email) between 3 and 254),
    password_hash text not null,
    created_at    timestamptz not null default now()
);
