"""Slots as a pure reckoning: who has which, and how much of the traffic."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.drivers.edge.haproxy.slots import HEAVIEST, Slot, slots, weights
from mainstay.drivers.machine.state.desired import Desired, HeldLease, Identity
from mainstay.model import Edge, Shares, TrafficLease


def desired(shares: Shares, *counts: tuple[int, int], slots: int = 9, leaving: tuple[str, ...] = ()) -> Desired:
    names = [(release, number) for release, count in counts for number in range(1, count + 1)]
    instances = {
        f"web-{release}-{number}": Identity(
            "web", release, number, 3000 + slot, slot, f"web-{release}-{number}" in leaving
        )
        for slot, (release, number) in enumerate(names, 1)
    }
    return Desired(edge=Edge(), slots={"web": slots}, traffic={"web": shares}, instances=instances)


def serving(of: tuple[Slot, ...]) -> dict[str, int]:
    return {slot.instance: slot.weight for slot in of if slot.state == "ready"}


def states(of: tuple[Slot, ...]) -> dict[str, str]:
    return {slot.instance: slot.state for slot in of if slot.instance}


def test_what_is_not_ready_gets_no_traffic() -> None:
    now = slots(desired({41: 100}, (41, 2)), {"web-41-2"})
    assert states(now) == {"web-41-1": "drain", "web-41-2": "ready"}


def test_a_warm_revision_keeps_its_slots_without_new_requests() -> None:
    now = slots(desired({42: 100}, (41, 1), (42, 1)), {"web-41-1", "web-42-1"})
    assert states(now) == {"web-41-1": "drain", "web-42-1": "ready"}


def test_what_leaves_gets_no_traffic_even_where_its_revision_serves() -> None:
    wanted = desired({41: 100}, (41, 2), leaving=("web-41-1",))
    assert serving(slots(wanted, {"web-41-1", "web-41-2"})).keys() == {"web-41-2"}


def test_an_empty_slot_has_no_address() -> None:
    last = slots(desired({41: 100}, (41, 1), slots=2), {"web-41-1"})[-1]
    assert (last.number, last.state, last.address) == (2, "maint", "")


def test_asleep_nothing_takes_requests() -> None:
    asleep = msgspec.structs.replace(desired({41: 100}, (41, 1)), started=False)
    assert states(slots(asleep, {"web-41-1"})) == {"web-41-1": "drain"}


def test_where_a_revision_has_nothing_ready_the_others_take_its_share() -> None:
    now = slots(desired({41: 95, 42: 5}, (41, 1), (42, 1)), {"web-41-1"})
    assert [slot.share for slot in now if slot.state == "ready"] == [100]


@pytest.mark.parametrize(
    ("shares", "old", "new"),
    [
        ({41: 95.0, 42: 5.0}, 3, 3),
        ({41: 95.0, 42: 5.0}, 3, 1),
        ({41: 75.0, 42: 25.0}, 2, 5),
        ({41: 99.0, 42: 1.0}, 7, 1),
    ],
    ids=["as many", "one new", "more new", "one in a hundred"],
)
def test_weights_stand_to_one_another_as_the_percentages_do(shares: Shares, old: int, new: int) -> None:
    wanted = desired(shares, (41, old), (42, new), slots=12)
    now = serving(slots(wanted, set(wanted.instances)))
    share = 100 * sum(w for name, w in now.items() if name.startswith("web-42")) / sum(now.values())
    assert share == pytest.approx(shares[42], abs=0.25)


@given(st.dictionaries(st.text(min_size=1), st.floats(0.5, 100), min_size=1, max_size=8))
def test_every_share_has_a_weight_that_haproxy_takes(shares: dict[str, float]) -> None:
    found = weights(shares)
    assert found.keys() == shares.keys()
    assert all(1 <= weight <= HEAVIEST for weight in found.values())


def test_no_edge_no_slots() -> None:
    assert slots(Desired(), ()) == ()


def test_where_no_instance_is_ready_those_that_accept_connections_receive_requests() -> None:
    now = slots(desired({41: 100}, (41, 3)), set(), {"web-41-1", "web-41-2"})
    assert states(now) == {"web-41-1": "ready", "web-41-2": "ready", "web-41-3": "drain"}


def test_where_one_instance_is_ready_no_other_receives_requests() -> None:
    now = slots(desired({41: 100}, (41, 2)), {"web-41-1"}, {"web-41-1", "web-41-2"})
    assert states(now) == {"web-41-1": "ready", "web-41-2": "drain"}


def test_while_a_run_observes_a_release_only_ready_instances_receive_requests() -> None:
    lease = HeldLease(TrafficLease(60, ()), "boot", 0)
    wanted = msgspec.structs.replace(desired({42: 100}, (41, 1), (42, 1)), lease=lease)
    now = slots(wanted, {"web-41-1"}, {"web-41-1", "web-42-1"})
    assert states(now) == {"web-41-1": "drain", "web-42-1": "drain"}


def test_an_instance_that_leaves_receives_no_request_even_where_none_is_ready() -> None:
    wanted = desired({41: 100}, (41, 1), leaving=("web-41-1",))
    assert serving(slots(wanted, set(), {"web-41-1"})) == {}
