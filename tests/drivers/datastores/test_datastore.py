"""The capabilities of datastores, and a toy datastore that has only some of them."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from mainstay.drivers import wiring
from mainstay.drivers.world import RunWorld
from mainstay.errors import StepFailed
from mainstay.model import DatastorePlace, DatastoreRelease, DatastoreSupport, Template
from mainstay.planning.datastore_facts import datastore_facts
from mainstay.planning.deploy import deploy
from mainstay.steps.migrate import Migrate
from mainstay.steps.start_datastore import StartDatastore
from mainstay.steps.step import Look
from mainstay.system.clock import SystemClock
from mainstay.system.command import Shell
from tests.contracts.datastore import (
    FIRST,
    SECOND,
    AddressableContract,
    MigratableContract,
    ProvisionedContract,
    RunJob,
)
from tests.fakes.clock import TurnableClock
from tests.fakes.datastore import FakeDatastore
from tests.fakes.target import FakeTarget
from tests.fakes.world import fake_world
from tests.shop import release, snapshot
from tests.toys.datastore import ToyDatastore

PLACE = DatastorePlace("cache", "toy")


@pytest.fixture
def toy(tmp_path: Path) -> ToyDatastore:
    world = fake_world(tmp_path)
    return ToyDatastore(PLACE, world.environment, world.folders, Shell(), SystemClock())


@pytest.fixture
def world(toy: ToyDatastore, tmp_path: Path) -> RunWorld:
    clock = TurnableClock()
    target = FakeTarget(clock, ready_after_s=1)
    target.start()
    return fake_world(tmp_path, target=target, clock=clock, datastores={"cache": toy})


def test_a_driver_that_wiring_finds_makes_its_datastore_known(world: RunWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "datastore_driver", {"toy": ToyDatastore}.get)
    made = wiring.datastore(PLACE, world.environment, world.folders, Shell(), SystemClock())
    assert (made.name, made.kind, made.version()) == ("cache", "toy", "7.2")
    assert wiring.datastore_support("toy") == DatastoreSupport(("7",))
    assert wiring.datastore_support("redis") is None


def test_a_datastore_without_schema_is_planned_and_started_without_jobs(toy: ToyDatastore, world: RunWorld) -> None:
    now = snapshot()
    facts = datastore_facts(toy, None, now.running, now.serving, "")
    assert facts.address == Template(toy.address().pieces)
    wanted = replace(
        release(1, database=False), datastores={"cache": DatastoreRelease("toy", 1, facts.workload, facts.version)}
    )
    plan = deploy(wanted, replace(now, datastores={"cache": facts}))
    (start,) = [step for _, step in plan.steps() if isinstance(step, StartDatastore | Migrate)]
    assert start.title == "Start cache (7.2)"
    assert start.look(world) is Look.ABSENT
    assert start.do(world) == "toy 7.2 ready"
    assert start.look(world) is Look.PRESENT


def test_a_migration_of_a_datastore_without_schema_fails(world: RunWorld) -> None:
    step = Migrate(name="cache", migrations="sql", pending=("0001_a",), before="", after="0001_a", job="p1-migrate")
    with pytest.raises(StepFailed, match="a toy datastore has no migrations"):
        step.do(world)


class TestToyDatastore(ProvisionedContract, AddressableContract):
    @pytest.fixture
    def store(self, toy: ToyDatastore) -> ToyDatastore:
        return toy

    @pytest.fixture
    def run_job(self) -> RunJob:
        return lambda job: 0


class TestFakeDatastore(ProvisionedContract, AddressableContract, MigratableContract):
    @pytest.fixture
    def store(self) -> FakeDatastore:
        store = FakeDatastore(migrations=(FIRST, SECOND))
        store.initialised = True
        return store

    @pytest.fixture
    def run_job(self, store: FakeDatastore) -> RunJob:
        return store.run_job

    @pytest.fixture
    def listener(self) -> str:
        return "127.0.0.1:5432"

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path
