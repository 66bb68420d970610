"""A world in which a target in memory runs the jobs of a datastore in memory."""

from pathlib import Path

import pytest

from mainstay.drivers.world import RunWorld
from tests.fakes.clock import TurnableClock
from tests.fakes.datastore import FakeDatastore
from tests.fakes.target import FakeTarget
from tests.fakes.world import fake_world


@pytest.fixture
def store() -> FakeDatastore:
    return FakeDatastore(migrations=("0001_orders", "0002_prices"))


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
