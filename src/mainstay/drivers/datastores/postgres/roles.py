"""The psql script that creates roles and a database in a PostgreSQL server, and sets time limits. Idempotent."""

# `client_connection_check_interval` ends the statement of a killed client. Without it an autocommit statement would
# continue and commit after its client has died.
LIMITS: dict[str, dict[str, str]] = {
    "owner": {"lock_timeout": "5s", "client_connection_check_interval": "200ms"},
    "application": {
        "lock_timeout": "10s",
        "statement_timeout": "30s",
        "idle_in_transaction_session_timeout": "60s",
        "client_connection_check_interval": "1s",
    },
}

_SCRIPT = r"""\set ON_ERROR_STOP on
set log_min_error_statement = panic;
{roles}
select 'create database "{database}" owner "{owner}"'
where not exists (select from pg_database where datname = '{database}') \gexec
revoke connect, temporary on database "{database}" from public;
grant connect, temporary on database "{database}" to "{application}";
\connect "{database}"
grant usage on schema public to "{application}";
create schema if not exists mainstay authorization "{owner}";
alter default privileges for role "{owner}" grant usage on schemas to "{application}";
alter default privileges for role "{owner}" grant select, insert, update, delete on tables to "{application}";
alter default privileges for role "{owner}" grant usage, select on sequences to "{application}";
"""

_ROLE = r"""\getenv password {variable}
select 'create role "{name}"' where not exists (select from pg_roles where rolname = '{name}') \gexec
alter role "{name}" with login nosuperuser nocreatedb nocreaterole noreplication password :'password';
{limits}"""


def password_variable(role: str) -> str:
    """Return the name of the environment variable from which `roles_script` reads the password of *role*."""
    return f"PASSWORD_OF_{role.upper()}"


def roles_script(database: str, names: dict[str, str]) -> str:
    """Return the psql script that creates *database* and the roles `owner` and `application`, named as in *names*.

    The script contains no passwords: it reads them from environment variables (`password_variable`).
    """
    roles = "\n".join(
        _ROLE.format(
            variable=password_variable(role),
            name=name,
            limits="\n".join(f"alter role \"{name}\" set {key} = '{value}';" for key, value in LIMITS[role].items()),
        )
        for role, name in names.items()
    )
    return _SCRIPT.format(roles=roles, database=database, owner=names["owner"], application=names["application"])
