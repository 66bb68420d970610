"""Which instances must exist, as a pure function of the desired state."""

import pytest
from msgspec.structs import replace

from mainstay.drivers.machine.protocol import StartAll, StopAll
from mainstay.drivers.machine.state.desired import Desired, DesiredInstance
from mainstay.drivers.machine.state.placement import with_instances
from mainstay.drivers.machine.state.transitions import after
from mainstay.model import Workload
from tests.drivers.machine.state.states import NO_INSTANCE, STORE, WEB, WORKER, desired_fleet, next_fleet, placed_fleet


def leaving_by_name(desired: Desired) -> dict[str, bool]:
    """Return whether each instance leaves."""
    return {name: one.leaving for name, one in desired.instances.items()}


def test_missing_instances_get_the_lowest_free_number() -> None:
    desired = placed_fleet((41, 3, WEB))
    assert leaving_by_name(desired) == {"web-41-1": False, "web-41-2": False, "web-41-3": False}
    gap = replace(desired, instances={n: i for n, i in desired.instances.items() if n != "web-41-2"})
    assert "web-41-2" in with_instances(gap, NO_INSTANCE).instances


def test_ready_instances_stay_when_the_fleet_shrinks() -> None:
    desired = placed_fleet((41, 3, WEB))
    fewer = next_fleet(desired, (41, 1, WEB), ready=frozenset({"web-41-3"}))
    assert leaving_by_name(fewer) == {"web-41-1": True, "web-41-2": True, "web-41-3": False}


def test_a_service_with_a_port_starts_the_new_revision_beside_the_old_one() -> None:
    both = next_fleet(placed_fleet((41, 1, WEB)), (42, 1, WEB))
    assert leaving_by_name(both) == {"web-41-1": True, "web-42-1": False}


@pytest.mark.parametrize("workload", [WORKER, STORE], ids=["a worker", "a datastore"])
def test_a_worker_or_datastore_starts_only_after_its_old_instance_is_gone(workload: Workload) -> None:
    both = next_fleet(placed_fleet((41, 1, workload)), (42, 1, workload))
    assert leaving_by_name(both) == {f"{workload.service}-41-1": True}
    gone = replace(both, instances={})
    assert leaving_by_name(with_instances(gone, NO_INSTANCE)) == {f"{workload.service}-42-1": False}


def test_an_overlapping_worker_leaves_once_the_new_one_is_ready() -> None:
    workload = replace(WORKER, overlap=True)
    both = next_fleet(placed_fleet((41, 1, workload)), (42, 1, workload))
    assert leaving_by_name(both) == {"worker-41-1": False, "worker-42-1": False}
    later = with_instances(both, frozenset({"worker-42-1"}))
    assert leaving_by_name(later) == {"worker-41-1": True, "worker-42-1": False}


def test_datastores_stop_after_the_services() -> None:
    started = placed_fleet((41, 1, WEB), (41, 1, STORE))
    stopped = with_instances(after(started, StopAll(0), "boot", 0), NO_INSTANCE)
    assert leaving_by_name(stopped) == {"web-41-1": True, "db-41-1": False}
    alone = replace(stopped, instances={"db-41-1": stopped.instances["db-41-1"]})
    assert leaving_by_name(with_instances(alone, NO_INSTANCE)) == {"db-41-1": True}


def test_a_start_places_every_instance_of_the_fleet_again() -> None:
    stopped = desired_fleet((41, 1, WEB), (41, 1, STORE), started=False)
    assert leaving_by_name(with_instances(stopped, NO_INSTANCE)) == {}
    started = with_instances(after(stopped, StartAll(), "boot", 0), NO_INSTANCE)
    assert leaving_by_name(started) == {"web-41-1": False, "db-41-1": False}


def test_a_placed_instance_has_its_service_release_and_number() -> None:
    assert list(placed_fleet((41, 1, WEB)).instances.values()) == [DesiredInstance("web", 41, 1)]
