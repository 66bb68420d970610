"""Smoke: the flows run through a door, the preview door leads to the new revisions first."""

import pytest
from msgspec.structs import replace

from mainstay.drivers.world import RunWorld
from mainstay.errors import StepFailed
from mainstay.model import Shift
from mainstay.model.http import EntranceName, HttpRequest, HttpResponse
from mainstay.model.log_lines import LogLine
from mainstay.steps.smoke import Smoke
from mainstay.steps.step import Look
from tests.fakes.target import FakeTarget
from tests.shop import EDGE, TESTS, fleet, release, traffic

PREVIEW = Smoke(flows=TESTS.flows[:1], door="preview", version="2", releases={"web": 2}, edge=EDGE)
FRONT = replace(PREVIEW, flows=TESTS.flows, door="front")


@pytest.fixture(autouse=True)
def both_run(target: FakeTarget) -> None:
    """Releases 1 and 2 run, and release 1 has the traffic."""
    target.set_edge(EDGE)
    target.set_fleet({name: fleet(release(1))[name] | fleet(release(2))[name] for name in ("api", "web")})
    target.set_traffic((Shift(traffic(release(1))),))
    target.clock.pause(10)


def test_the_preview_door_leads_to_the_new_revisions_before_the_first_request(
    world: RunWorld, target: FakeTarget
) -> None:
    assert PREVIEW.do(world) == "1 flow, 1 request, 0.0 s"
    assert target.traffic_status().preview == {"web": 2}
    assert [door for door, _ in target.requests] == ["preview"]


def test_the_front_door_keeps_its_preview(world: RunWorld, target: FakeTarget) -> None:
    assert FRONT.do(world) == "2 flows, 2 requests, 0.0 s"
    assert target.traffic_status().preview == {}
    assert [door for door, _ in target.requests] == ["front", "front"]


def test_a_preview_that_is_never_ready_fails(world: RunWorld) -> None:
    with pytest.raises(StepFailed, match="timed out after 15 s waiting for the preview door to lead to api@3, web@3"):
        replace(PREVIEW, releases={"api": 3, "web": 3}).do(world)


def test_the_first_unexpected_response_fails_the_step(world: RunWorld, target: FakeTarget) -> None:
    target.respond = lambda request, door: HttpResponse(500, (), b"no ink", 0.01)
    with pytest.raises(StepFailed, match="smoke flow 'home' failed through the front door: GET /: the status is 500"):
        FRONT.do(world)
    assert len(target.requests) == 1


@pytest.mark.parametrize(("step", "shown"), [(PREVIEW, True), (FRONT, False)], ids=["preview", "front"])
def test_a_failure_before_traffic_shows_the_logs_of_all_new_revisions(
    step: Smoke, shown: bool, world: RunWorld, target: FakeTarget
) -> None:
    def fail(request: HttpRequest, door: EntranceName) -> HttpResponse:
        at = world.clock.now().isoformat()
        for service, number, line in (("web", 2, "api: status 500"), ("api", 2, "no ink"), ("api", 1, "fine")):
            target.lines.append(LogLine(at, service, number, f"{service}-{number}-1", "out", line))
        return HttpResponse(502, (("x-mainstay-release", "2"),), b"", 0.01)

    target.respond = fail
    with pytest.raises(StepFailed) as failed:
        replace(step, releases={"api": 2, "web": 2}).do(world)
    assert "log of web:\n      api: status 500" in failed.value.what
    assert ("log of api@2:\n      no ink" in failed.value.what) == shown
    assert "fine" not in failed.value.what


def test_an_interrupted_test_starts_again_and_has_nothing_to_undo(world: RunWorld) -> None:
    PREVIEW.do(world)
    assert PREVIEW.look(world) is Look.ABSENT
    assert PREVIEW.undo(world) == "nothing to undo"
