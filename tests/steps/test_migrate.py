"""Migrate a datastore: each migration runs once, and an unknown outcome is judged by the schema."""

import pytest

from mainstay.drivers.world import RunWorld
from mainstay.errors import StepFailed
from mainstay.model import Member
from mainstay.steps.migrate import Migrate
from mainstay.steps.start_datastore import StartDatastore
from mainstay.steps.step import Look
from tests.fakes.datastore import FakeDatastore
from tests.fakes.target import FakeTarget
from tests.shop import DB

START = StartDatastore(name="db", before={}, after={1: Member(DB, 1, "18")}, job="p1-db")
TWO = ("0001_orders", "0002_prices")
MIGRATE = Migrate(name="db", migrations="sql", pending=TWO, before="", after="0002_prices", job="p1-migrate-db")


def test_migrations_run_once_and_in_order(world: RunWorld, store: FakeDatastore) -> None:
    START.do(world)
    assert MIGRATE.look(world) is Look.ABSENT
    assert MIGRATE.do(world) == "db at 0002_prices, 2 run"
    assert MIGRATE.do(world) == "db at 0002_prices, 2 run"
    assert store.ran == [*TWO]
    assert MIGRATE.look(world) is Look.PRESENT


def test_a_failed_migration_stops_and_undo_reports_what_is_kept(world: RunWorld, store: FakeDatastore) -> None:
    START.do(world)
    store.breaks_at = "0002_prices"
    with pytest.raises(StepFailed, match="“Migrate db” ended with 3") as failed:
        MIGRATE.do(world)
    assert "mainstay deploy" in failed.value.remedy
    assert MIGRATE.look(world) is Look.PARTIAL
    assert MIGRATE.undo(world) == "the schema of db is kept as it is: at 0001_orders, 1 pending"


def test_a_migration_that_still_runs_is_waited_for(world: RunWorld, target: FakeTarget, store: FakeDatastore) -> None:
    START.do(world)
    target.start_job(store.migrate("p1-migrate-db", "/sql"))
    assert MIGRATE.look(world) is Look.PARTIAL
    MIGRATE.do(world)
    assert target.job_state("p1-migrate-db-again-2").state == "none"


def lost(world: RunWorld, target: FakeTarget, store: FakeDatastore) -> None:
    START.do(world)
    target.start_job(store.migrate("p1-migrate-db", "/sql"))
    target.lose_jobs()


def test_a_migration_with_an_unknown_outcome_is_judged_by_the_schema(
    world: RunWorld, target: FakeTarget, store: FakeDatastore
) -> None:
    lost(world, target, store)
    store.ran = [*TWO]
    assert MIGRATE.look(world) is Look.PRESENT
    assert MIGRATE.do(world) == "db at 0002_prices, 2 run"
    assert target.job_state("p1-migrate-db-again-2").state == "none"


def test_migrations_that_are_still_pending_run_under_the_next_id(
    world: RunWorld, target: FakeTarget, store: FakeDatastore
) -> None:
    lost(world, target, store)
    store.ran = ["0001_orders"]
    MIGRATE.do(world)
    assert store.ran == [*TWO]
    assert target.job_state("p1-migrate-db-again-2").code == 0


def test_a_second_attempt_waits_for_the_session_of_the_first(
    world: RunWorld, target: FakeTarget, store: FakeDatastore
) -> None:
    lost(world, target, store)
    store.busy = True
    assert MIGRATE.look(world) is Look.PARTIAL
    with pytest.raises(StepFailed, match="the earlier migration"):
        MIGRATE.do(world)
    assert target.job_state("p1-migrate-db-again-2").state == "none"


@pytest.mark.parametrize("state", ["half done", "unreachable"])
def test_an_unreachable_or_half_done_schema_is_unknown(
    state: str, world: RunWorld, target: FakeTarget, store: FakeDatastore
) -> None:
    lost(world, target, store)
    store.half_done = ("0002_prices",) if state == "half done" else ()
    store.unreachable = state == "unreachable"
    assert MIGRATE.look(world) is Look.UNKNOWN


def test_a_half_done_migration_fails_and_is_not_run_again(
    world: RunWorld, target: FakeTarget, store: FakeDatastore
) -> None:
    lost(world, target, store)
    store.half_done = ("0002_prices",)
    with pytest.raises(StepFailed, match="0002_prices began outside a transaction"):
        MIGRATE.do(world)
