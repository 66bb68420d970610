"""Which instances HAProxy may send requests to, as a pure function of the desired state."""

from msgspec.structs import replace

from mainstay.drivers.machine.state.desired import Desired, DesiredInstance, HeldLease
from mainstay.drivers.machine.state.upstreams import desired_edge
from mainstay.model import Edge, TrafficLease

DESIRED = Desired(
    edge=Edge(),
    slots={"web": 3},
    traffic={"web": {41: 100}},
    ports={"listener:web": 2500},
    instances={"a": DesiredInstance("web", 41, 1, 3001, 1), "b": DesiredInstance("web", 41, 2, 3002, 2, leaving=True)},
)


def test_ready_and_accepting_instances_may_receive_requests() -> None:
    edge = desired_edge(DESIRED, {"a"}, {"a"})
    assert (edge.edge, edge.slots, edge.ports) == (DESIRED.edge, DESIRED.slots, DESIRED.ports)
    assert edge.traffic == DESIRED.traffic
    (one, other) = edge.upstreams.values()
    assert (one.slot, one.port, one.ready, one.accepting) == (1, 3001, True, True)
    assert (other.slot, other.port, other.ready, other.accepting) == (2, 3002, False, False)


def test_an_instance_that_leaves_receives_no_request_even_when_no_other_is_ready() -> None:
    leaving = desired_edge(DESIRED, {"b"}, {"b"}).upstreams["b"]
    assert (leaving.ready, leaving.accepting) == (False, False)


def test_a_drained_instance_has_no_slot_any_more() -> None:
    assert desired_edge(DESIRED, {"a"}, {"a"}, {"b"}).upstreams.keys() == {"a"}


def test_while_a_run_observes_a_release_only_ready_instances_receive_requests() -> None:
    observed = replace(DESIRED, lease=HeldLease(TrafficLease(60, ()), "boot", 0))
    assert not desired_edge(observed, set(), {"a"}).upstreams["a"].accepting


def test_in_a_stopped_environment_no_instance_receives_requests() -> None:
    edge = desired_edge(replace(DESIRED, started=False), {"a"}, {"a"})
    assert (edge.traffic, edge.stopping) == ({}, True)
