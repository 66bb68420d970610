"""Migrations: applying and reverting each keeps the existing rows."""

import json
import re
from pathlib import Path

import pytest
from granter_postgres import ROOT, Postgres

pytestmark = pytest.mark.requirement("Q12", "Q13")

FOLDER = ROOT / "migrations"
FORTH = sorted(FOLDER.glob("*.sql"))
BACK = {path.name: path for path in (FOLDER / "back").glob("*.sql")}
ONE, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"

# What people would have entered by the time the next migration comes.
ROWS = {
    "0001_grants.sql": """
        insert into grants (source_url, content_hash, rules, language, title, funder, deadline, deadline_kind,
            deadline_text, amount_min, amount_max, currency, amount_text, body, summary)
        values ('http://site/a', 'a1', 1, 'en', 'Ocean Prize', 'Harbour Trust', '2027-03-12', 'date',
            '12 March 2027', 5000, 50000.50, 'EUR', '€5,000 to €50,000.50', 'For the ocean.', 'For the ocean.'),
            ('http://site/b', 'b1', 1, 'de', 'Musikschulen – Instrumente', null, null, 'rolling', null,
            null, null, null, null, 'Für Geigen & Hörner; ''laufend''.', 'Für Geigen.');
        insert into scrape_rounds (rules, ended, pending, visited, seen, changed, failed)
        values (1, now(), '{}', '{http://site/1,http://site/2}', 2, 2, 0),
            (1, null, '{http://site/2}', '{http://site/1}', 1, 0, 1);""",
    "0002_sources.sql": """
        insert into rounds (rules) values (1);
        insert into pages (url, source, listing, rules, etag, content_hash)
        values ('http://site/north/', 'north', true, 1, '"e1"', 'h1');""",
    "0003_extraction.sql": """
        update grants set topics = '{ocean,health}', region = 'Europe' where source_url = 'http://site/a';""",
    "0004_accounts.sql": f"""
        insert into accounts (id, email, password_hash)
        values ('{ONE}', 'ada@example.com', '$argon2id$a'), ('{OTHER}', 'josé@example.org', '$argon2id$b');""",
    "0005_sessions.sql": f"""
        insert into sessions (family, account_id, token, ends)
        values (gen_random_uuid(), '{ONE}', gen_random_uuid(), now() + interval '30 days');
        insert into kit_rates (key, spent_until) values ('login total', now() + interval '1 minute');""",
    "0006_saved_searches.sql": f"""
        insert into saved_searches (account_id, name, query) values ('{ONE}', 'Ozeane', '{{"query": "ocean"}}');""",
    "0007_requested_extractions.sql": """
        insert into requested_extractions (hour, seconds, cents) values (date_trunc('hour', now()), 12.5, 0.3);""",
    "0008_searching.sql": """
        update grants set copy_of = (select id from grants where source_url = 'http://site/a')
        where source_url = 'http://site/b';""",
}
_COLUMNS = """
select table_name || '.' || column_name from information_schema.columns
where table_schema = 'public' and is_generated = 'NEVER' order by 1"""

Content = dict[str, list[dict[str, object]]]


def columns(postgres: Postgres, database: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in postgres.execute(database, _COLUMNS).splitlines():
        table, _, column = line.partition(".")
        found.setdefault(table, []).append(column)
    return found


def content(postgres: Postgres, database: str, requested: dict[str, list[str]]) -> Content:
    """Return all rows of the given tables and columns, sorted by value."""
    return {
        table: sorted(
            json.loads(
                postgres.execute(
                    database,
                    f"select coalesce(json_agg(known), '[]') from (select {', '.join(names)} from {table}) as known",
                )
            ),
            key=str,
        )
        for table, names in requested.items()
    }


def indexes(postgres: Postgres, database: str) -> set[str]:
    listed = postgres.execute(database, "select indexdef from pg_indexes where schemaname = 'public'")
    return set(listed.splitlines())


def used_until(postgres: Postgres, migration: Path, name: str = "used") -> str:
    """A database in use: every migration before *migration* has run, and left time to enter rows."""
    name = f"{name}_{migration.stem}"
    postgres.database(name, upto=0)
    for before in FORTH[: FORTH.index(migration)]:
        postgres.migrate(name, before)
        postgres.execute(name, ROWS[before.name])
    return name


def test_migrations_are_numbered_and_have_reverse_scripts() -> None:
    assert [path.name[:4] for path in FORTH] == [f"{number:04}" for number in range(1, len(FORTH) + 1)]
    assert set(BACK) == {path.name for path in FORTH} == set(ROWS)


@pytest.mark.parametrize("migration", FORTH, ids=lambda path: path.stem)
def test_rows_survive_applying_and_reverting(postgres: Postgres, migration: Path) -> None:
    database = used_until(postgres, migration)
    known = columns(postgres, database)
    before, built = content(postgres, database, known), indexes(postgres, database)
    assert all(before.values())
    postgres.migrate(database, migration)
    assert content(postgres, database, known) == before
    postgres.execute(database, ROWS[migration.name])
    postgres.migrate(database, BACK[migration.name])
    assert columns(postgres, database) == known
    assert indexes(postgres, database) == built
    assert content(postgres, database, known) == before
    postgres.migrate(database, migration)
    assert columns(postgres, database) != known


def test_the_previous_release_reads_a_closed_call_as_undated(postgres: Postgres) -> None:
    migration = FOLDER / "0008_searching.sql"
    database = used_until(postgres, migration, "closed")
    postgres.migrate(database, migration)
    postgres.execute(database, "update grants set deadline_kind = 'closed' where source_url = 'http://site/b'")
    postgres.migrate(database, BACK[migration.name])
    kind = postgres.execute(database, "select deadline_kind from grants where source_url = 'http://site/b'")
    assert kind == "unknown"


def test_all_migrations_apply_and_revert(postgres: Postgres) -> None:
    postgres.database("both_ways")
    for migration in reversed(FORTH):
        postgres.migrate("both_ways", BACK[migration.name])
    assert columns(postgres, "both_ways") == {}


def test_the_application_role_can_write_rows_but_not_change_tables(postgres: Postgres) -> None:
    postgres.database("application")
    for table in columns(postgres, "application"):
        allowed = postgres.execute(
            "application", f"select has_table_privilege('granter_app', '{table}', 'select, insert, update, delete')"
        )
        assert allowed == "t"
    with pytest.raises(AssertionError, match="must be owner"):
        postgres.execute("application", "drop table accounts", as_role="granter_app")


@pytest.mark.parametrize("migration", FORTH, ids=lambda path: path.stem)
def test_migrations_grant_no_rights_and_end_no_transaction(migration: Path) -> None:
    words = re.sub(r"--.*", "", migration.read_text()).casefold()
    assert not re.search(r"\b(grant \w+ on|revoke|create role|commit|rollback|begin;)", words)


def test_deleting_an_account_deletes_its_data(postgres: Postgres) -> None:
    database = used_until(postgres, FORTH[-1], "deleting")
    postgres.migrate(database, FORTH[-1])
    postgres.execute(database, ROWS[FORTH[-1].name])
    postgres.execute(database, f"delete from accounts where id = '{ONE}'")
    left = content(postgres, database, {"accounts": ["id"], "sessions": ["family"], "saved_searches": ["id"]})
    assert {table: len(rows) for table, rows in left.items()} == {"accounts": 1, "sessions": 0, "saved_searches": 0}
