"""Start a datastore: idempotent, observable after a crash, and data is never deleted."""

from mainstay.drivers.world import RunWorld
from mainstay.model import Member, Members
from mainstay.steps.start_datastore import StartDatastore
from mainstay.steps.step import Look
from tests.fakes.datastore import FakeDatastore
from tests.fakes.target import FakeTarget
from tests.shop import DB

ONE: Members = {1: Member(DB, 1, "18")}
START = StartDatastore(name="db", before={}, after=ONE, job="p1-db")


def test_a_datastore_is_prepared_initialised_started_and_configured(world: RunWorld, store: FakeDatastore) -> None:
    assert START.look(world) is Look.ABSENT
    assert START.do(world) == "memory 18 ready"
    assert (store.initialised, store.configured) == (True, True)
    assert START.look(world) is Look.PRESENT


def test_do_is_idempotent(world: RunWorld, target: FakeTarget) -> None:
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


def test_changed_settings_take_effect_and_are_undone(world: RunWorld, target: FakeTarget) -> None:
    START.do(world)
    changed: Members = {2: Member(DB, 1, "18.1")}
    step = StartDatastore(name="db", before=ONE, after=changed, job="p2-db")
    assert step.title == "Restart db (18.1)"
    step.do(world)
    assert step.undo(world) == "db runs as before"
    running = target.fleet_status()
    assert (running.wanted, [one.state for one in running.instances]) == ({"db": ONE}, ["ready"])
