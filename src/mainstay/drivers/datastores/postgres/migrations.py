"""Run plain SQL migrations: read their files, and write psql scripts that run each once and record it in a table."""

import hashlib
import re
from pathlib import Path

import msgspec

from mainstay.drivers.datastores.datastore import Schema
from mainstay.errors import BadInput, Place

NAME = re.compile(r"(?P<number>\d{4})_[A-Za-z0-9_-]+\.sql")
OUTSIDE = "-- mainstay: no transaction"

# A single psql call queries everything, since `status` runs it and must be fast.
_STATE_QUERY = r"""\set ON_ERROR_STOP on
select exists (select from pg_database where datname = '{database}') as there,
exists (select from pg_stat_activity where usename = '{owner}') as busy \gset
\set ran '[]'
\if :there
\connect "{database}"
select to_regclass('mainstay.migration') is not null as kept \gset
\if :kept
select coalesce(json_agg(json_build_object('name', name, 'sha256', sha256, 'done', done) order by name), '[]') as ran
from mainstay.migration \gset
\endif
\endif
select json_build_object('busy', :'busy'::boolean, 'ran', :'ran'::json);
"""

_OPENING = r"""\set ON_ERROR_STOP on
set client_min_messages = warning;
select pg_advisory_lock(hashtext('mainstay.migration')) \g /dev/null
create table if not exists mainstay.migration (
  name text primary key, sha256 text not null, begun timestamptz not null default now(), done timestamptz
);
reset client_min_messages;
"""

_INSIDE = r"""
select not exists (select from mainstay.migration where name = '{name}') as pending \gset
\if :pending
\echo {name}
begin;
\i {name}
insert into mainstay.migration (name, sha256, done) values ('{name}', '{sha256}', now());
commit;
\endif
"""

# The migration is recorded before and after it runs, so that one interrupted by a kill is known to be half done.
_OUTSIDE = r"""
select not exists (select from mainstay.migration where name = '{name}') as pending \gset
\if :pending
\echo {name}
insert into mainstay.migration (name, sha256) values ('{name}', '{sha256}');
\i {name}
update mainstay.migration set done = now() where name = '{name}';
\endif
"""


class Migration(msgspec.Struct, frozen=True):
    """One migration file: its name determines the order, its digest shows whether it was changed after it ran.

    `transaction`: whether it runs inside a transaction.
    """

    name: str
    sha256: str
    transaction: bool = True


class Ran(msgspec.Struct, frozen=True):
    """A row of the migration table: a migration that has started. `done`: when it ended; None: no end is recorded."""

    name: str
    sha256: str
    done: str | None = None


class MigrationState(msgspec.Struct, frozen=True):
    """The result of `state_query`: the rows of the migration table.

    `busy`: whether the owner role, which runs migrations, has an open session.
    """

    busy: bool
    ran: tuple[Ran, ...]


def state_query(database: str, owner: str) -> str:
    """Return the psql script that prints the `MigrationState` of *database* as JSON; the database may be missing."""
    return _STATE_QUERY.format(database=database, owner=owner)


def read_folder(folder: Path) -> tuple[Migration, ...]:
    """Return the migrations in *folder*, in order. Raises BadInput for an invalid name or a duplicate number."""
    migrations = tuple(_read(path) for path in sorted(folder.glob("*.sql")))
    numbers: dict[str, str] = {}
    for migration in migrations:
        match = NAME.fullmatch(migration.name)
        if match is None:
            raise BadInput(
                f"{migration.name} has no migration number",
                remedy="name it like 0001_create_users.sql",
                place=Place(str(folder / migration.name)),
                code="migration-name",
            )
        other = numbers.setdefault(match["number"], migration.name)
        if other != migration.name:
            raise BadInput(
                f"two migrations have number {match['number']}: {other} and {migration.name}",
                remedy="give the newer one the next free number",
                place=Place(str(folder / migration.name)),
                code="migration-number",
            )
    return migrations


def _read(path: Path) -> Migration:
    text = path.read_bytes()
    first = text.split(b"\n", 1)[0].decode(errors="replace").strip()
    return Migration(path.name, hashlib.sha256(text).hexdigest(), transaction=first != OUTSIDE)


def migrations_script(migrations: tuple[Migration, ...]) -> str:
    """Return the psql script that runs those of *migrations* that have not run yet. Idempotent."""
    parts = (
        (_INSIDE if migration.transaction else _OUTSIDE).format(name=migration.name, sha256=migration.sha256)
        for migration in migrations
    )
    return _OPENING + "".join(parts)


def schema_state(ran: tuple[Ran, ...], wanted: tuple[Migration, ...]) -> Schema:
    """Return the schema state, from the rows *ran* of the migration table and the migration files *wanted*.

    Raises BadInput when a migration was changed after it ran.
    """
    digests = {row.name: row.sha256 for row in ran}
    for migration in wanted:
        before = digests.get(migration.name, migration.sha256)
        if before != migration.sha256:
            raise BadInput(
                f"{migration.name} has changed since it ran (sha256 {before[:12]}… then, {migration.sha256[:12]}… now)",
                remedy="restore the file as it was, and write a new migration",
                code="migration-changed",
            )
    done = [row.name for row in ran if row.done is not None]
    return Schema(
        revision=revision(done[-1]) if done else "",
        pending=tuple(revision(migration.name) for migration in wanted if migration.name not in digests),
        half_done=tuple(revision(row.name) for row in ran if row.done is None),
    )


def revision(name: str) -> str:
    """Return the schema revision after the migration *name*: its name without `.sql`."""
    return name.removesuffix(".sql")
