"""Smoke tests in plans: through the preview door before new revisions get traffic, through the front door after."""

import msgspec
import pytest
from msgspec.structs import replace

from mainstay.engine.plan_codec import read
from mainstay.model import Edge, Release, Route, Strategy
from mainstay.planning.deploy import deploy
from mainstay.planning.plan import Plan
from mainstay.planning.rollback import rollback
from mainstay.planning.smoke_tests import SmokeTests
from mainstay.planning.staleness import differences
from mainstay.steps import AnyStep
from mainstay.steps.smoke import Smoke
from tests.shop import AT_ONCE, EDGE, TESTS, release, runbook, service, snapshot

CANARY = Strategy("canary", (10.0, 50.0), settle_s=0)


def plan_of(new: Release, flows: SmokeTests = TESTS) -> Plan:
    return deploy(new, snapshot(release(1)), flows)


def smoke_steps(plan: Plan) -> list[str]:
    return [step.title for _, step in plan.steps() if isinstance(step, Smoke)]


def test_new_revisions_are_tested_before_their_traffic_and_the_release_after_it() -> None:
    assert runbook(plan_of(release(2, kept=release(1))))[5:] == [
        "2.3 Stop worker@1",
        "2.4 Start worker@2",
        "2.5 Smoke-test api@2, web@2 through the preview door: 1 flow",
        "2.6 Traffic: api 100 % @2, then web 100 % @2",
        "2.7 Observe api@2, web@2, worker@2",
        "3.1 Smoke-test api@2, web@2 through the front door: 2 flows",
        "4.1 Retire web@1",
        "4.2 Retire api@1",
    ]


def test_flows_that_write_run_through_the_preview_door_only_where_they_may() -> None:
    plan = plan_of(release(2, kept=release(1)), replace(TESTS, writes="preview"))
    assert smoke_steps(plan)[0] == "Smoke-test api@2, web@2 through the preview door: 2 flows"


def test_a_plan_notes_that_tests_reach_a_called_service_only_by_a_forwarded_header() -> None:
    note = (
        "smoke tests can find a fault in api before it gets traffic only where web forwards the header "
        "X-Mainstay-Preview (how-to: smoke-test-a-release.md)"
    )
    assert note in plan_of(release(2, kept=release(1))).notes
    assert note in plan_of(release(2, kept=release(1), changed=("api",))).notes
    only_the_caller = plan_of(release(2, kept=release(1), changed=("web",)))
    first, untested = deploy(release(1), snapshot(), TESTS), plan_of(release(2, kept=release(1)), SmokeTests())
    assert not any("X-Mainstay-Preview" in note for plan in (only_the_caller, first, untested) for note in plan.notes)


def test_a_first_release_is_tested_only_through_the_front_door() -> None:
    plan = deploy(release(1), snapshot(), TESTS)
    assert smoke_steps(plan) == ["Smoke-test api@1, web@1 through the front door: 2 flows"]


def test_a_rollback_has_no_smoke_test() -> None:
    assert smoke_steps(rollback(release(1), snapshot(release(2)))) == []


def test_a_canary_is_tested_before_its_first_share() -> None:
    plan = plan_of(release(2, kept=release(1), strategy=CANARY, replicas=4))
    assert smoke_steps(plan) == [
        "Smoke-test api@2, web@2 through the preview door: 1 flow",
        "Smoke-test api@2, web@2 through the front door: 2 flows",
    ]
    assert isinstance(plan.phases[1].ranks[2][0], Smoke)


def test_a_revision_that_starts_in_a_later_stage_is_tested_there_too() -> None:
    new = release(2, kept=release(1))
    services = new.services | {"web": service("web", 2, strategy=CANARY), "api": service("api", 2, strategy=AT_ONCE)}
    assert smoke_steps(plan_of(replace(new, services=services)))[:2] == [
        "Smoke-test web@2 through the preview door: 1 flow",
        "Smoke-test api@2, web@2 through the preview door: 1 flow",
    ]


@pytest.mark.parametrize("kind", ["rolling", "recreate", "blue-green"])
def test_other_strategies_are_tested_once_before_their_traffic(kind: str) -> None:
    strategy = Strategy(kind, settle_s=0)  # type: ignore[arg-type]  # parametrised
    assert len(smoke_steps(plan_of(release(2, kept=release(1), strategy=strategy)))) == 2


def test_a_release_of_workers_alone_has_no_smoke_test() -> None:
    assert smoke_steps(plan_of(release(2, kept=release(1), changed=("worker",)))) == []


@pytest.mark.parametrize(
    "edge",
    [
        pytest.param(replace(EDGE, routes=(*EDGE.routes, Route("/new", "api"))), id="a new route"),
        pytest.param(replace(EDGE, routes=EDGE.routes[1:]), id="a removed route"),
        pytest.param(replace(EDGE, compress=True), id="another setting"),
    ],
)
def test_a_changed_edge_is_tested_through_the_front_door(edge: Edge) -> None:
    plan = plan_of(replace(release(2, kept=release(1), changed=()), edge=edge))
    assert runbook(plan)[-1].endswith("Smoke-test the new edge through the front door: 2 flows")
    assert smoke_steps(plan) == ["Smoke-test the new edge through the front door: 2 flows"]


def test_an_edge_that_is_removed_is_not_tested() -> None:
    assert smoke_steps(plan_of(replace(release(2, kept=release(1), changed=()), edge=None))) == []


def test_changed_flows_make_a_plan_stale() -> None:
    new = release(2, kept=release(1))
    assert differences(plan_of(new), plan_of(new)) == ()
    assert differences(plan_of(new), plan_of(new, SmokeTests(TESTS.flows[:1]))) == ("the smoke flows have changed",)


def test_a_plan_contains_its_flows() -> None:
    plan = plan_of(release(2, kept=release(1)))
    assert read(msgspec.json.encode(plan), AnyStep) == plan
    assert [step.flows for _, step in plan.steps() if isinstance(step, Smoke)] == [TESTS.flows[:1], TESTS.flows]
