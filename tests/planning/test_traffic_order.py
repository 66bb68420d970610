"""The order in which several services move: no request in flight meets a callee older than its caller."""

from collections.abc import Iterator
from itertools import islice

from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from mainstay.model import Edge, Release, Route, ServiceRelease, Shifts, Strategy, Traffic, end_of
from mainstay.model.call_graph import callees_first, callers_first, calls_between
from mainstay.planning.deploy import deploy
from mainstay.planning.plan import Plan
from mainstay.planning.rollback import rollback
from mainstay.steps.retire import Retire
from mainstay.steps.set_traffic import SetTraffic
from mainstay.steps.start_fleet import StartFleet
from tests.shop import AT_ONCE, next_plan, release, service, snapshot

NAMES = ("a", "b", "c", "d")
KINDS = ("blue-green", "canary", "rolling", "recreate")
Links = frozenset[tuple[str, str]]
"""(caller, callee)"""


def system(number: int, services: dict[str, Strategy], links: Links, workers: frozenset[str] = frozenset()) -> Release:
    """A release of *services*, all new in it."""
    made: dict[str, ServiceRelease] = {}
    for name, strategy in services.items():
        needs = tuple(callee for caller, callee in sorted(links) if caller == name and callee in services)
        each = replace(service("web", number, strategy=strategy), needs=needs)
        listens = name not in workers
        made[name] = replace(
            each, workload=replace(each.workload, service=name, artifact=f"{name}-{number}", listens=listens)
        )
    edge = Edge(routes=tuple(Route(f"/{name}", name) for name in services if name not in workers))
    shape = release(number, database=False)
    return replace(shape, services=made, edge=edge, brought=tuple(services), artifacts={})


acyclic = some.frozensets(
    some.sampled_from([(caller, callee) for at, caller in enumerate(NAMES) for callee in NAMES[:at]])
)
links_of = some.one_of(acyclic, acyclic.map(lambda links: links | {("b", "c")}))


chosen = some.lists(some.sampled_from(NAMES), min_size=1, unique=True)


@some.composite
def two_releases(draw: some.DrawFn, *kinds: str) -> tuple[Release, Release, Links]:
    links = draw(links_of)
    strategies = some.builds(
        Strategy, kind=some.sampled_from(kinds or KINDS), percent=some.just((10.0, 50.0)), settle_s=some.just(0)
    )
    workers = frozenset(draw(some.lists(some.sampled_from(("c", "d")), unique=True)))
    workers -= {callee for _, callee in links}
    each = {name: draw(strategies) for name in NAMES}
    old, new = ({name: each[name] for name in NAMES if name in draw(chosen)} for _ in (1, 2))
    return system(1, old, links, workers), system(2, new, links, workers), links


class Simulation:
    """Which revisions have traffic while a plan is executed, and which may have requests in flight."""

    def __init__(self, serving: Release, links: Links) -> None:
        self.traffic: Traffic = {}
        self.busy: set[tuple[str, int]] = set()
        self.links = links
        self.violations: list[str] = []
        for name, each in serving.services.items():
            self.busy.add((name, each.revision))
            if each.workload.listens:
                self.traffic[name] = {each.revision: 100.0}

    def run(self, plan: Plan) -> Iterator[SetTraffic]:
        """Execute *plan*; yield each step that moves traffic once it is done."""
        for _, step in plan.steps():
            match step:
                case StartFleet():
                    self._fleet(step.service, set(step.after), worker=step.service not in self.traffic)
                case Retire():
                    self.shift(step.traffic)
                    self._fleet(step.service, set(step.after), worker=False)
                case SetTraffic():
                    self.shift(step.after)
                    yield step

    def shift(self, shifts: Shifts) -> None:
        for shift in shifts:
            for name, shares in shift.traffic.items():
                self._stop_traffic(name, self.traffic.get(name, {}).keys() - shares.keys())
            self.traffic |= shift.traffic
            self.busy |= {(name, each) for name, shares in shift.traffic.items() for each in shares}
            self.busy -= {(name, each) for name, releases in shift.drain_s.items() for each in releases}

    def _fleet(self, name: str, releases: set[int], *, worker: bool) -> None:
        self.busy = {(other, each) for other, each in self.busy if other != name or each in releases}
        if worker and self.traffic.get(name) is None:
            self.busy |= {(name, each) for each in releases}

    def _stop_traffic(self, name: str, releases: set[int]) -> None:
        for callee in releases:
            meets = [f"{c}@{each}" for c, each in self.busy if (c, name) in self.links and each == callee == 2]
            self.violations += [f"{name}@{callee} lost its traffic while {caller} was at work" for caller in meets]


def _acyclic(links: Links) -> Links:
    """Return *links* without the calls of a cycle, which has no order."""
    calls = calls_between([system(1, dict.fromkeys(NAMES, AT_ONCE), links).services], NAMES)
    return frozenset((caller, callee) for caller, callee in links if caller not in calls[callee])


@given(two_releases())
def test_a_rollback_moves_a_callee_after_its_callers_have_moved_and_drained(
    releases: tuple[Release, Release, Links],
) -> None:
    old, new, links = releases
    machine = Simulation(new, _acyclic(links))
    plan = rollback(old, snapshot(new))
    plan.check()
    list(machine.run(plan))
    assert machine.violations == []


@given(two_releases("blue-green", "canary", "recreate"))
def test_at_each_point_of_a_deploy_reverting_moves_callers_first_and_drains_them(
    releases: tuple[Release, Release, Links],
) -> None:
    old, new, links = releases
    plan = deploy(new, snapshot(old))
    plan.check()
    moves = sum(isinstance(step, SetTraffic) for _, step in plan.steps())
    for point in range(1, moves + 1):
        machine = Simulation(old, _acyclic(links))
        *_, last = islice(machine.run(plan), point)
        machine.violations.clear()
        machine.shift(last.revert_to)
        assert machine.violations == []


@given(two_releases("blue-green"))
def test_a_deploy_gives_traffic_to_a_caller_after_its_callees(
    releases: tuple[Release, Release, Links],
) -> None:
    old, new, links = releases
    plan = deploy(new, snapshot(old))
    moved: list[str] = []
    both = old.services.keys() & new.services.keys()
    pairs = {(caller, callee) for caller, callee in _acyclic(links) if {caller, callee} <= both}
    for _, step in plan.steps():
        if isinstance(step, StartFleet) and all(not each.workload.listens for each in step.after.values()):
            moved.append(step.service)
        if isinstance(step, SetTraffic):
            moved += [name for shift in step.after for name in shift.traffic]
            assert all(shift.drain_s == {} for shift in step.after)
    assert all(moved.index(callee) < moved.index(caller) for caller, callee in pairs)


@given(two_releases())
def test_a_stage_with_a_complete_old_fleet_is_reverted_in_one_switch_per_layer(
    releases: tuple[Release, Release, Links],
) -> None:
    old, new, _ = releases
    fleet = {name: {1: each.replicas} for name, each in old.services.items()}
    for phase in deploy(new, snapshot(old)).phases:
        steps = [step for rank in phase.ranks for step in rank]
        fleet |= {s.service: {r: m.count for r, m in s.after.items()} for s in steps if isinstance(s, StartFleet)}
        for step in (step for step in steps if isinstance(step, SetTraffic)):
            back = end_of(step.revert_to)
            assert sum(len(shift.traffic) for shift in step.revert_to) == len(back)
            whole = [n for n, each in old.services.items() if n in back and fleet[n].get(1) == each.replicas]
            assert all(back[name] == {1: 100.0} for name in whole)


@given(links_of)
def test_a_layer_comes_after_its_callees_and_a_circle_shares_one(links: Links) -> None:
    calls = calls_between([system(1, dict.fromkeys(NAMES, AT_ONCE), links).services], NAMES)
    at = {name: number for number, layer in enumerate(callees_first(calls)) for name in layer}
    back = {name: number for number, layer in enumerate(callers_first(calls)) for name in layer}
    for caller, callees in calls.items():
        for callee in callees:
            if caller in calls[callee]:
                assert at[caller] == at[callee]
            else:
                assert at[callee] < at[caller]
                assert back[caller] < back[callee]


def test_calls_through_an_unchanged_service_count() -> None:
    services = system(1, dict.fromkeys(("a", "b", "c"), AT_ONCE), frozenset({("c", "b"), ("b", "a")})).services
    assert calls_between([services], ("a", "c")) == {"a": frozenset(), "c": frozenset({"a"})}


def test_a_call_of_only_one_of_the_releases_counts() -> None:
    services = dict.fromkeys(("a", "b"), AT_ONCE)
    without, calling = system(1, services, frozenset()), system(2, services, frozenset({("b", "a")}))
    assert calls_between([calling.services, without.services], services)["b"] == {"a"}


def test_services_that_do_not_call_each_other_move_in_one_switch() -> None:
    services = dict.fromkeys(("a", "b", "c"), AT_ONCE)
    unrelated = frozenset({("b", "d")})
    old, new = (system(number, services, unrelated) for number in (1, 2))
    for plan in (deploy(new, snapshot(old)), rollback(old, snapshot(new))):
        (step,) = [step for _, step in plan.steps() if isinstance(step, SetTraffic)]
        assert [sorted(shift.traffic) for shift in step.after] == [["a", "b", "c"]]
        assert step.after[0].drain_s == {}


def test_a_rollback_drains_only_callers_and_no_longer_than_their_drain_time() -> None:
    old = release(1)
    plan = rollback(old, snapshot(release(2, kept=old)))
    (step,) = [step for _, step in plan.steps() if isinstance(step, SetTraffic)]
    assert [shift.drain_s for shift in step.after] == [{"web": {2: 30.0}}, {}]
    assert [shift.drain_s for shift in step.revert_to] == [{}, {}]


def test_a_deploy_is_reverted_callers_first() -> None:
    (step,) = [step for _, step in next_plan().steps() if isinstance(step, SetTraffic)]
    assert [list(shift.traffic) for shift in step.after] == [["api"], ["web"]]
    assert [(list(shift.traffic), shift.drain_s) for shift in step.revert_to] == [
        (["web"], {"web": {2: 30.0}}),
        (["api"], {}),
    ]


def test_a_service_that_a_deploy_removes_keeps_its_traffic_until_its_callers_are_retired() -> None:
    links = frozenset({("b", "a")})
    old = system(1, dict.fromkeys(("a", "b"), AT_ONCE), links)
    plan = deploy(system(2, {"b": AT_ONCE}, links), snapshot(old))
    retired = [(step.service, step.traffic) for _, step in plan.steps() if isinstance(step, Retire)]
    assert [
        (name, "a" in {n for shift in shifts for n in shift.traffic if not shift.traffic[n]})
        for name, shifts in retired
    ] == [("b", False), ("a", True)]


def test_a_rollback_to_a_newer_release_moves_callees_first_like_a_deploy() -> None:
    old = release(1)
    plan = rollback(release(2, kept=old), snapshot(old))
    (step,) = [step for _, step in plan.steps() if isinstance(step, SetTraffic)]
    assert [(list(shift.traffic), shift.drain_s) for shift in step.after] == [(["api"], {}), (["web"], {})]
