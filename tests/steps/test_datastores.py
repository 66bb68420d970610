"""Provide and migrate a datastore, and the edge: repeatable, found by looking, and data is never deleted."""

from math import inf
from pathlib import Path

import pytest

from mainstay.drivers.world import RunWorld
from mainstay.errors import PortTaken, StepFailed
from mainstay.model import Member, Members
from mainstay.steps.configure_edge import ProvideEdge
from mainstay.steps.migrate import Migrate
from mainstay.steps.start_datastore import StartDatastore
from mainstay.steps.step import Look
from tests.fakes.clock import TurnableClock
from tests.fakes.datastore import FakeDatastore
from tests.fakes.target import FakeTarget
from tests.fakes.world import fake_world
from tests.shop import DB, EDGE

ONE: Members = {1: Member(DB, 1, "18")}
START = StartDatastore(name="db", before={}, after=ONE, job="p1-db")
TWO = ("0001_orders", "0002_prices")
MIGRATE = Migrate(name="db", migrations="sql", pending=TWO, before="", after="0002_prices", job="p1-migrate-db")


@pytest.fixture
def store() -> FakeDatastore:
    return FakeDatastore(migrations=TWO)


@pytest.fixture
def target(store: FakeDatastore) -> FakeTarget:
    found = FakeTarget(TurnableClock(), ready_after_s=1, job_takes_s=1)
    found.perform = store.run_job
    found.start()
    return found


@pytest.fixture
def world(target: FakeTarget, store: FakeDatastore, tmp_path: Path) -> RunWorld:
    assert isinstance(target.clock, TurnableClock)
    return fake_world(tmp_path, target=target, clock=target.clock, datastores={"db": store})


def test_a_datastore_is_prepared_initialised_started_and_configured(world: RunWorld, store: FakeDatastore) -> None:
    assert START.look(world) is Look.ABSENT
    assert START.do(world) == "memory 18 ready"
    assert (store.initialised, store.configured) == (True, True)
    assert START.look(world) is Look.PRESENT


def test_doing_it_twice_is_doing_it_once(world: RunWorld, target: FakeTarget) -> None:
    START.do(world)
    effects = dict(target.effects)
    START.do(world)
    assert dict(target.effects) == effects


def test_an_initialisation_with_an_unknown_outcome_is_run_again(
    world: RunWorld, target: FakeTarget, store: FakeDatastore
) -> None:
    first = store.initialise("p1-db-initialise")
    assert first
    target.start_job(first)
    target.lose_jobs()
    assert START.look(world) is Look.PARTIAL
    START.do(world)
    assert target.job_state("p1-db-initialise-again-2").code == 0


def test_undo_stops_what_was_started_and_keeps_the_data(world: RunWorld, store: FakeDatastore) -> None:
    START.do(world)
    assert START.undo(world) == "db stopped in 0.0 s, its data is kept"
    assert world.target.fleet_status().instances == ()
    assert store.initialised


def test_undo_stops_its_jobs_first(world: RunWorld, target: FakeTarget, store: FakeDatastore) -> None:
    target.job_takes_s = 1000
    for job in (store.initialise("p1-db-initialise"), store.configure("p1-db-configure")):
        assert job
        target.start_job(job)
    START.undo(world)
    assert [target.job_state(f"p1-db-{name}").state for name in ("initialise", "configure")] == ["ended", "ended"]


def test_other_settings_take_effect_and_are_taken_back(world: RunWorld, target: FakeTarget) -> None:
    START.do(world)
    changed: Members = {2: Member(DB, 1, "18.1")}
    step = StartDatastore(name="db", before=ONE, after=changed, job="p2-db")
    assert step.title == "Restart db (18.1)"
    step.do(world)
    assert step.undo(world) == "db runs as before"
    running = target.fleet_status()
    assert (running.wanted, [one.state for one in running.instances]) == ({"db": ONE}, ["ready"])


def test_migrations_run_once_and_in_order(world: RunWorld, store: FakeDatastore) -> None:
    START.do(world)
    assert MIGRATE.look(world) is Look.ABSENT
    assert MIGRATE.do(world) == "db at 0002_prices, 2 run"
    assert MIGRATE.do(world) == "db at 0002_prices, 2 run"
    assert store.ran == [*TWO]
    assert MIGRATE.look(world) is Look.PRESENT


def test_a_migration_that_fails_stops_there_and_undo_says_what_is_kept(world: RunWorld, store: FakeDatastore) -> None:
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


def test_a_migration_whose_end_nobody_saw_is_judged_by_the_schema(
    world: RunWorld, target: FakeTarget, store: FakeDatastore
) -> None:
    lost(world, target, store)
    store.ran = [*TWO]
    assert MIGRATE.look(world) is Look.PRESENT
    assert MIGRATE.do(world) == "db at 0002_prices, 2 run"
    assert target.job_state("p1-migrate-db-again-2").state == "none"


def test_what_is_still_pending_then_runs_under_the_next_id(
    world: RunWorld, target: FakeTarget, store: FakeDatastore
) -> None:
    lost(world, target, store)
    store.ran = ["0001_orders"]
    MIGRATE.do(world)
    assert store.ran == [*TWO]
    assert target.job_state("p1-migrate-db-again-2").code == 0


def test_a_second_attempt_never_meets_the_session_of_the_first(
    world: RunWorld, target: FakeTarget, store: FakeDatastore
) -> None:
    lost(world, target, store)
    store.busy = True
    assert MIGRATE.look(world) is Look.PARTIAL
    with pytest.raises(StepFailed, match="the earlier migration"):
        MIGRATE.do(world)
    assert target.job_state("p1-migrate-db-again-2").state == "none"


@pytest.mark.parametrize("state", ["half done", "unreachable"])
def test_a_schema_that_cannot_be_judged_is_never_guessed_at(
    state: str, world: RunWorld, target: FakeTarget, store: FakeDatastore
) -> None:
    lost(world, target, store)
    store.half_done = ("0002_prices",) if state == "half done" else ()
    store.unreachable = state == "unreachable"
    assert MIGRATE.look(world) is Look.UNKNOWN


def test_half_of_a_migration_outside_a_transaction_is_left_to_a_person(
    world: RunWorld, target: FakeTarget, store: FakeDatastore
) -> None:
    lost(world, target, store)
    store.half_done = ("0002_prices",)
    with pytest.raises(StepFailed, match="0002_prices began outside a transaction"):
        MIGRATE.do(world)


def test_the_edge_opens_and_closes_again(world: RunWorld) -> None:
    step = ProvideEdge(before=None, after=EDGE)
    assert step.title == "Open the edge on port 8080: /api → api, / → web"
    assert step.look(world) is Look.ABSENT
    assert step.do(world) == "open at http://127.0.0.1:8080"
    assert step.look(world) is Look.PRESENT
    assert step.undo(world) == "no edge"
    assert step.look(world) is Look.ABSENT


def test_a_step_that_changes_the_edge_waits_until_the_edge_is_open(world: RunWorld, target: FakeTarget) -> None:
    target.edge_takes_s = 5
    step = ProvideEdge(before=None, after=EDGE)
    target.set_edge(EDGE)
    assert step.look(world) is Look.PARTIAL
    step.do(world)
    assert 5 <= world.clock.monotonic() < 6
    assert step.look(world) is Look.PRESENT


@pytest.mark.parametrize(
    ("trouble", "error"),
    [("HAProxy exited immediately", "the edge did not open within 15 s: HAProxy exited immediately"), ("", "the edge")],
    ids=["the target says why", "the target does not say why"],
)
def test_an_edge_that_does_not_open_fails_with_the_reason(
    world: RunWorld, target: FakeTarget, trouble: str, error: str
) -> None:
    target.edge_takes_s = inf
    target.edge_problem = trouble
    with pytest.raises(StepFailed, match=error):
        ProvideEdge(before=None, after=EDGE).do(world)
    assert 15 <= world.clock.monotonic() < 16


def test_a_port_that_is_taken_is_said_with_its_holder(world: RunWorld, target: FakeTarget) -> None:
    target.taken[8080] = "nginx (pid 7)"
    with pytest.raises(PortTaken, match="taken by nginx"):
        ProvideEdge(before=None, after=EDGE).do(world)
