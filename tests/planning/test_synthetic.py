"""The synthetic requests of a plan: GETs of flows that stand alone, or the readiness paths at the front door."""

import pytest
from msgspec.structs import replace

from mainstay.model import Release, Strategy
from mainstay.model.flow import Expectation, Flow, FlowStep
from mainstay.model.synthetic import SyntheticRequests, WhenQuiet
from mainstay.planning.deploy import deploy
from mainstay.planning.smoke_tests import SmokeTests
from mainstay.steps.observe import Observe
from mainstay.steps.settle import Settle
from tests.shop import release, snapshot

SETTLING = Strategy(settle_s=60)
GOOD = Expectation((200,))


def get(path: str, **more: object) -> FlowStep:
    return replace(FlowStep("GET", path, expect=GOOD), **more)


def synthetic(*flows: Flow, new: Release | None = None) -> SyntheticRequests | None:
    """Return the synthetic requests of the settling step."""
    old = release(1)
    plan = deploy(new or release(2, kept=old, strategy=SETTLING), snapshot(old), SmokeTests(flows))
    (found,) = (step for _, step in plan.steps() if isinstance(step, Settle))
    return found.synthetic


def paths(found: SyntheticRequests | None) -> list[str]:
    return [step.path for flow in found.flows for step in flow.steps] if found else []


def test_the_gets_of_flows_that_stand_alone_are_sent() -> None:
    flows = (
        Flow("two", (get("/a", keep={"id": "$.id"}), get("/b?q={unique}"), get("/c/{id}"))),
        Flow("kept in a header", (get("/d", headers={"Authorization": "Bearer {token}"}), get("/e"))),
        Flow("version", (get("/version", expect=Expectation(body_contains="{version}")),)),
    )
    found = synthetic(*flows)
    assert paths(found) == ["/a", "/b?q={unique}", "/e", "/version"]
    assert found is not None
    assert (found.version, found.replaced_version) == ("2", "1")
    assert not any(step.keep for flow in found.flows for step in flow.steps)


@pytest.mark.parametrize(
    "flow",
    [
        Flow("writes", (get("/w"),), writes=True),
        Flow("after another method", (FlowStep("POST", "/login", expect=GOOD), get("/me"))),
        Flow("in finally", (FlowStep("POST", "/a", expect=GOOD),), finally_=(get("/f"),)),
    ],
    ids=lambda flow: flow.name,
)
def test_other_requests_are_not_sent(flow: Flow) -> None:
    assert paths(synthetic(flow, Flow("read", (get("/read"),)))) == ["/read"]


def test_without_such_flows_the_readiness_paths_at_the_front_door_are_sent() -> None:
    found = synthetic()
    assert paths(found) == ["/ready"]
    assert found is not None
    assert found.flows[0].name == "readiness of web"
    assert {200, 302} < set(found.flows[0].steps[0].expect.status)


def test_a_stripped_route_leads_its_readiness_path_to_the_service() -> None:
    new = release(2, kept=release(1), strategy=SETTLING)
    assert new.edge is not None
    stripped = tuple(replace(route, strip=route.path == "/api") for route in new.edge.routes)
    found = synthetic(new=replace(new, edge=replace(new.edge, routes=stripped)))
    assert sorted(paths(found)) == ["/api/ready", "/ready"]


def test_settings_other_than_the_default_are_in_the_steps_and_shown() -> None:
    old, strategy = release(1), Strategy("canary", (10.0,), hold_s=60, settle_s=60, when_quiet="pass")
    plan = deploy(release(2, kept=old, strategy=strategy), snapshot(old))
    steps = [step for _, step in plan.steps() if isinstance(step, Observe)]
    assert {tuple(step.when_quiet.items()) for step in steps if step.for_s} == {(("api", "pass"), ("web", "pass"))}
    assert all(step.title.endswith("; pass when quiet") for step in steps if step.for_s)


def test_an_observation_without_time_sends_nothing() -> None:
    old = release(1)
    plan = deploy(release(2, kept=old), snapshot(old))
    assert not [step for _, step in plan.steps() if isinstance(step, Observe) and step.synthetic]


def shop(*changed: str, strip: bool = False, when_quiet: WhenQuiet = "hold") -> Release:
    """Return a second release in which only the services *changed* are new; the front end calls no other service."""
    settling = Strategy(settle_s=60, when_quiet=when_quiet)
    new = release(2, kept=release(1), changed=changed, strategy=settling)
    assert new.edge is not None
    routes = tuple(replace(route, strip=strip and route.path == "/api") for route in new.edge.routes)
    services = new.services | {"web": replace(new.services["web"], needs=())}
    return replace(new, services=services, edge=replace(new.edge, routes=routes))


def notes(new: Release, *flows: Flow) -> list[str]:
    plan = deploy(new, snapshot(release(1)), SmokeTests(flows))
    return [note for note in plan.notes if "Mainstay can repeat" in note]


HOME = Flow("home", (get("/"),))
API = Flow("api", (get("/api/offers"),))


@pytest.mark.failure("F77")
def test_a_service_that_no_flow_requests_gets_its_readiness_path_as_well() -> None:
    assert paths(synthetic(HOME, new=shop("api", "web", strip=True))) == ["/", "/api/ready"]
    assert paths(synthetic(HOME, API, new=shop("api", "web", strip=True))) == ["/", "/api/offers"]


def test_a_plan_names_the_service_that_no_synthetic_request_reaches() -> None:
    start = "no smoke flow requests api with a GET that Mainstay can repeat: while users send few requests, "
    assert notes(shop("api", "web"), HOME) == [f"{start}`when_quiet: hold` decides (explanation: verdict.md)"]
    (other,) = notes(shop("api", when_quiet="pass"), HOME)
    assert "`when_quiet: pass` decides" in other
    (ready,) = notes(shop("api", "web", strip=True), HOME)
    assert "compares responses to its readiness path" in ready
    for none in (notes(shop("api", "web"), HOME, API), notes(shop("web"), HOME), notes(shop("api"))):
        assert none == []


def test_a_service_that_a_requested_one_calls_has_no_note() -> None:
    assert notes(release(2, kept=release(1), strategy=SETTLING), HOME) == []
