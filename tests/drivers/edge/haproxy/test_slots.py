"""Slots as a pure function: the instance of each slot, and its share of the traffic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mainstay.drivers.edge.haproxy.desired_edge import DesiredEdge, Upstream
from mainstay.drivers.edge.haproxy.replies import ServerState
from mainstay.drivers.edge.haproxy.slots import MAX_WEIGHT, Actual, Side, Slot, actual, slots, weights
from mainstay.model import Edge, Route, Shares


def desired(
    shares: Shares,
    *counts: tuple[int, int],
    count: int = 9,
    unready: tuple[str, ...] = (),
    formerly_ready: tuple[str, ...] = (),
) -> DesiredEdge:
    """Instances of the releases in *counts*, all ready except *unready* ones."""
    names = [(f"web-{release}-{number}", release) for release, most in counts for number in range(1, most + 1)]
    upstreams = {
        name: Upstream(
            "web", release, slot, 3000 + slot, ready=name not in unready, formerly_ready=name in formerly_ready
        )
        for slot, (name, release) in enumerate(names, 1)
    }
    return DesiredEdge(Edge(), {"web": count}, traffic={"web": shares}, upstreams=upstreams)


def serving(of: tuple[Slot, ...]) -> dict[str, int]:
    return {slot.instance: slot.weight for slot in of if slot.state == "ready"}


def states(of: tuple[Slot, ...]) -> dict[str, str]:
    return {slot.instance: slot.state for slot in of if slot.instance}


def test_an_instance_that_is_not_ready_gets_no_traffic() -> None:
    now = slots(desired({41: 100}, (41, 2), unready=("web-41-1",)))
    assert states(now) == {"web-41-1": "drain", "web-41-2": "ready"}


def test_a_warm_revision_keeps_its_slots_without_new_requests() -> None:
    assert states(slots(desired({42: 100}, (41, 1), (42, 1)))) == {"web-41-1": "drain", "web-42-1": "ready"}


def test_an_empty_slot_has_no_address() -> None:
    last = slots(desired({41: 100}, (41, 1), count=2))[-1]
    assert (last.number, last.state, last.address) == (2, "maint", "")


def test_when_a_revision_has_no_ready_instance_the_others_take_its_share() -> None:
    now = slots(desired({41: 95, 42: 5}, (41, 1), (42, 1), unready=("web-42-1",)))
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
def test_weights_are_proportional_to_the_percentages(shares: Shares, old: int, new: int) -> None:
    now = serving(slots(desired(shares, (41, old), (42, new), count=12)))
    share = 100 * sum(w for name, w in now.items() if name.startswith("web-42")) / sum(now.values())
    assert share == pytest.approx(shares[42], abs=0.25)


@given(st.dictionaries(st.text(min_size=1), st.floats(0.5, 100), min_size=1, max_size=8))
def test_every_share_has_a_weight_in_the_range_of_haproxy(shares: dict[str, float]) -> None:
    found = weights(shares)
    assert found.keys() == shares.keys()
    assert all(1 <= weight <= MAX_WEIGHT for weight in found.values())


def test_without_an_edge_there_are_no_slots() -> None:
    assert slots(DesiredEdge()) == ()


def test_an_instance_without_a_slot_or_a_port_gets_no_traffic() -> None:
    instances = {"a": Upstream("web", 41, None, 3000, ready=True), "b": Upstream("web", 41, 1, None, ready=True)}
    assert states(slots(DesiredEdge(Edge(), {"web": 1}, traffic={"web": {41: 100}}, upstreams=instances))) == {}


def test_when_no_instance_is_ready_those_that_were_ready_before_receive_requests() -> None:
    every = ("web-41-1", "web-41-2", "web-41-3")
    now = slots(desired({41: 100}, (41, 3), unready=every, formerly_ready=every[:2]))
    assert states(now) == {"web-41-1": "ready", "web-41-2": "ready", "web-41-3": "drain"}


def test_when_one_instance_is_ready_no_other_receives_requests() -> None:
    now = slots(desired({41: 100}, (41, 2), unready=("web-41-2",), formerly_ready=("web-41-1", "web-41-2")))
    assert states(now) == {"web-41-1": "ready", "web-41-2": "drain"}


def previewed(
    release: int, shares: Shares, *, side: Side = "preview", unready: tuple[str, ...] = ()
) -> dict[str, tuple[str, float]]:
    """Return state and share of each instance in the slots of a side, for two instances each of releases 41 and 42."""
    both = replace(desired(shares, (41, 2), (42, 2), unready=unready), preview={"web": 42}, replaced={"web": 41})
    given = replace(both, **{side: {"web": release}})
    return {slot.instance: (slot.state, slot.share) for slot in slots(given) if slot.side == side and slot.instance}


@pytest.mark.parametrize("shares", [{41: 100.0}, {41: 75.0, 42: 25.0}, {42: 100.0}], ids=["0 %", "25 %", "100 %"])
def test_the_instances_of_the_preview_share_its_requests_whatever_the_traffic(shares: Shares) -> None:
    assert previewed(42, shares) == {"web-42-1": ("ready", 50.0), "web-42-2": ("ready", 50.0)}


def test_the_replaced_release_receives_its_requests_without_traffic() -> None:
    found = previewed(41, {42: 100.0}, side="replaced", unready=("web-41-2",))
    assert found == {"web-41-1": ("ready", 100.0), "web-41-2": ("drain", 0.0)}


def test_only_ready_instances_receive_requests_of_the_preview() -> None:
    assert previewed(42, {41: 100.0}, unready=("web-42-1",)) == {
        "web-42-1": ("drain", 0.0),
        "web-42-2": ("ready", 100.0),
    }


def test_an_instance_has_the_same_slot_number_in_both_backends() -> None:
    given = replace(desired({41: 100.0}, (41, 1), (42, 1)), preview={"web": 42})
    assert [(slot.server, slot.backend) for slot in slots(given) if slot.release == 42] == [
        ("web.s2", "web"),
        ("web.p2", "preview:web"),
    ]


def test_the_preview_of_a_release_without_instances_has_no_slot() -> None:
    assert previewed(43, {41: 100.0}) == {}


def test_a_preview_in_change_leads_to_no_single_release() -> None:
    def server(port: int) -> ServerState:
        return ServerState(f"127.0.0.1:{port}", 256, "ready", up=True)

    now = {"web.s1": server(3001), "web.p1": server(3001), "api.p1": server(3003)}
    releases = {"web.s1": "41", "web.p1": "41", "web.p2": "42", "api.p1": "7"}
    assert actual((), now, releases) == Actual({"web": {41: 100.0}}, {"web": 41, "api": 7})
    assert actual((), now | {"web.p2": server(3002)}, releases).preview == {"api": 7}


@pytest.mark.parametrize(
    ("shares", "unready", "bridged"),
    [
        pytest.param({41: 100.0}, (), {}, id="a newer release without traffic is left out"),
        pytest.param({41: 75.0, 42: 25.0}, (), {"web-41-1", "web-42-1"}, id="a stage"),
        pytest.param({42: 100.0}, (), {"web-41-1"}, id="after the switch"),
        pytest.param({42: 100.0}, ("web-41-1",), {"web-41-2"}, id="its ready instance"),
        pytest.param({42: 100.0}, ("web-41-1", "web-41-2"), set(), id="none is ready"),
        pytest.param({}, (), set(), id="no traffic"),
    ],
)
def test_the_bridge_has_one_instance_of_each_release_that_serves_or_has_served(
    shares: Shares, unready: tuple[str, ...], bridged: set[str]
) -> None:
    both = desired(shares, (41, 2), (42, 2), unready=unready)
    given = replace(both, edge=Edge(routes=(Route("/assets", "web", assets_s=60),)))
    found = [slot for slot in slots(given) if slot.side == "bridged" and slot.instance]
    assert {slot.instance for slot in found if slot.state == "ready"} == set(bridged)
    assert {slot.instance for slot in found} == {"web-41-1", "web-41-2", "web-42-1", "web-42-2"}


def test_a_service_without_static_files_has_no_bridge() -> None:
    assert {slot.side for slot in slots(desired({41: 100.0}, (41, 1)))} == {"", "preview", "replaced"}
