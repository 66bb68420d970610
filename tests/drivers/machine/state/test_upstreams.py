"""Which instances HAProxy may send requests to, as a pure function of the desired state and the runtimes."""

from msgspec.structs import replace

from mainstay.drivers.machine.state.desired import Desired, DesiredInstance, HeldLease
from mainstay.drivers.machine.state.upstreams import desired_edge
from mainstay.model import Edge, Health, Member, Route, TrafficLease, Workload
from tests.drivers.machine.state.states import STEADY

DESIRED = Desired(
    edge=Edge(),
    slots={"web": 3},
    traffic={"web": {41: 100}},
    preview={"web": 42},
    ports={"listener:web": 2500},
    instances={"a": DesiredInstance("web", 41, 1, 3001, 1), "b": DesiredInstance("web", 41, 2, 3002, 2, leaving=True)},
)
UNREADY = replace(STEADY, answers=False)


def test_a_ready_instance_may_receive_requests_and_one_that_leaves_may_not() -> None:
    edge = desired_edge(DESIRED, {"a": STEADY, "b": STEADY})
    assert (edge.edge, edge.slots, edge.ports) == (DESIRED.edge, DESIRED.slots, DESIRED.ports)
    assert (edge.traffic, edge.preview) == (DESIRED.traffic, DESIRED.preview)
    (one, other) = edge.upstreams.values()
    assert (one.slot, one.port, one.ready, one.formerly_ready) == (1, 3001, True, True)
    assert (other.slot, other.port, other.ready, other.formerly_ready) == (2, 3002, False, False)


def test_a_drained_instance_has_no_slot_any_more() -> None:
    runtimes = {"a": STEADY, "b": replace(STEADY, drained=True)}
    assert desired_edge(DESIRED, runtimes).upstreams.keys() == {"a"}


def test_an_unready_instance_receives_requests_unless_a_run_observes_a_release() -> None:
    one = desired_edge(DESIRED, {"a": UNREADY}).upstreams["a"]
    assert (one.ready, one.formerly_ready) == (False, True)
    observed = replace(DESIRED, lease=HeldLease(TrafficLease(60, ()), "boot", 0))
    assert not desired_edge(observed, {"a": UNREADY}).upstreams["a"].formerly_ready


def test_in_a_stopped_environment_no_instance_receives_requests() -> None:
    edge = desired_edge(replace(DESIRED, started=False), {"a": STEADY})
    assert (edge.traffic, edge.preview, edge.stopping) == ({}, {}, True)


def test_the_health_paths_of_routed_services_answer_during_maintenance_but_never_the_home_page() -> None:
    web, api = (
        Member(Workload("web", ("x",), health=Health(ready=ready, live=live)), 1, "1.0.0")
        for ready, live in (("/health", "/"), ("/ready", "/live"))
    )
    routes = (Route("/", "web"), Route("/api", "api", strip=True))
    desired = replace(DESIRED, edge=Edge(routes=routes), fleet={"web": {41: web}, "api": {41: api}, "inner": {41: api}})
    assert desired_edge(desired, {}).health == ("/api/live", "/api/ready", "/health")
