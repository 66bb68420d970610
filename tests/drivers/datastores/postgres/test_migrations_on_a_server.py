"""Migrations on a real server: once, in order, whole or not at all, and known for what they are after a kill."""

from pathlib import Path

import pytest

from tests.drivers.datastores.postgres.machine import Machine, waiter, write


def test_pending_migrations_run_in_order_as_the_owner_and_only_once(machine: Machine, migrations: Path) -> None:
    write(migrations, "0001_a.sql", "create table grants (id int primary key, owner text default current_user);")
    write(migrations, "0002_b.sql", "insert into grants (id) values (1);")
    assert machine.schema(migrations) == ("", ("0001_a", "0002_b"), ())
    machine.migrate("first", migrations)
    machine.migrate("again", migrations)
    assert machine.schema(migrations) == ("0002_b", (), ())
    assert machine.query("application", "select * from grants").stdout == "1|shop_owner\n"


def test_a_migration_added_with_an_earlier_number_runs_and_the_revision_stays(
    machine: Machine, migrations: Path
) -> None:
    for name in ("0002_b.sql", "0001_a.sql"):
        write(migrations, name, f"create table t{name[:4]} (id int);")
        machine.migrate(name, migrations)
    assert machine.schema(migrations) == ("0002_b", (), ())


def test_a_migration_that_ended_outside_a_transaction_is_done(machine: Machine, migrations: Path) -> None:
    write(migrations, "0001_a.sql", "create table grants (id int);")
    write(migrations, "0002_b.sql", "-- mainstay: no transaction\ncreate index concurrently on grants (id);")
    machine.migrate("concurrently", migrations)
    assert machine.schema(migrations) == ("0002_b", (), ())


def test_two_concurrent_jobs_run_each_migration_once(machine: Machine, migrations: Path) -> None:
    write(migrations, "0001_a.sql", "create table grants (id int); select pg_sleep(0.3);")
    children = [machine.send(machine.postgres.migrate(name, str(migrations))) for name in ("one", "other")]
    assert [child.wait(timeout=30) for child in children] == [0, 0]


def test_a_migration_that_cannot_be_recorded_is_rolled_back(machine: Machine, migrations: Path) -> None:
    refuses = "alter table mainstay.migration add constraint none check (name <> '0001_a.sql');"
    write(migrations, "0001_a.sql", f"create table gone (id int); {refuses}")
    code, output = machine.finish(machine.postgres.migrate("unrecorded", str(migrations)))
    assert (code, 'violates check constraint "none"' in output) == (3, True)
    assert machine.query("owner", "select to_regclass('gone')").stdout == "\n"


def test_the_output_of_migrations_is_shown_without_that_of_the_migration_table(
    machine: Machine, migrations: Path
) -> None:
    write(migrations, "0001_a.sql", "do $$ begin raise notice 'moved 3 rows'; end $$;")
    assert "NOTICE:  moved 3 rows" in machine.migrate("first", migrations)
    assert machine.migrate("again", migrations) == ""


@pytest.mark.failure("F53")
def test_a_migration_that_fails_leaves_nothing_and_the_earlier_ones_stay(machine: Machine, migrations: Path) -> None:
    write(migrations, "0001_a.sql", "create table kept (id int);")
    write(migrations, "0002_b.sql", "create table gone (id int); select 1/0;")
    code, output = machine.finish(machine.postgres.migrate("fails", str(migrations)))
    assert (code, "division by zero" in output) == (3, True)
    assert machine.schema(migrations) == ("0001_a", ("0002_b",), ())
    assert machine.query("owner", "select to_regclass('kept'), to_regclass('gone')").stdout == "kept|\n"


@pytest.mark.failure("F51")
def test_a_kill_during_a_migration_leaves_no_session_and_no_change(machine: Machine, migrations: Path) -> None:
    write(migrations, "0001_slow.sql", "create table half (id int); select pg_sleep(60);")
    child = machine.send(machine.postgres.migrate("killed", str(migrations)))
    assert machine.wait_for_sleeping_session() == "mainstay killed"
    assert machine.postgres.schema(str(migrations), machine.listener).busy
    child.kill()
    child.wait()
    waiter.wait_until(
        lambda: not machine.postgres.schema(str(migrations), machine.listener).busy,
        within=2,
        waiting_for="the end of the killed session",
    )
    assert machine.schema(migrations) == ("", ("0001_slow",), ())


@pytest.mark.failure("F52")
def test_a_migration_killed_outside_a_transaction_is_half_done(machine: Machine, migrations: Path) -> None:
    write(migrations, "0001_slow.sql", "-- mainstay: no transaction\nselect pg_sleep(60);")
    child = machine.send(machine.postgres.migrate("outside", str(migrations)))
    half_done = ("", (), ("0001_slow",))
    waiter.wait_until(lambda: machine.schema(migrations) == half_done, within=10, waiting_for="the migration")
    child.kill()
    child.wait()
    write(migrations, "0002_b.sql", "-- mainstay: no transaction\nselect 1;")
    machine.migrate("after-it", migrations)
    assert machine.schema(migrations) == ("0002_b", (), ("0001_slow",))


def test_without_a_database_every_migration_is_pending(machine: Machine, migrations: Path) -> None:
    write(migrations, "0001_a.sql", "select 1;")
    other = machine.driver_for("corner-shop")
    assert other.schema(str(migrations), machine.listener).pending == ("0001_a",)
    assert machine.fill(other.address("owner")).endswith("/corner_shop")
