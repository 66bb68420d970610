"""Smoke flows whose service does not respond: the release fails within the flow's time, with a clear message."""

from tests.journeys.consistency import assert_consistent
from tests.journeys.load import Load
from tests.journeys.sandbox import Sandbox
from tests.journeys.test_smoke_flows import SmokedApp
from tests.journeys.web_app import WebApp

DEAD = {
    "/refuse": "GET /: the status is 503, not 200",
    "/reset": "GET /reset: the status is 502, not 200",
    "/silent": "GET /silent: no complete response within 2 s",
    "/endless": "GET /endless: no complete response within 2 s",
}
"""Per path at which the application stops responding as it should, the failure of the flow."""
LONGEST_S = 12.0
"""Seconds for a deploy whose flow fails: 2 s for the request, 1 s for the log's lines, 3 s to stop, 1 s to start."""


def flow(path: str, within: str = "1s") -> dict[str, str]:
    return {
        "dead": f"""\
flow: dead
steps:
  - get: {path}
    expect: {{status: 200, within: {within}}}
  - get: /
    expect: {{status: 200, body: {{contains: "version {{version}}"}}}}
finally:
  - get: /health
    expect: {{status: 200}}
"""
    }


def test_a_release_that_stops_responding_to_a_flow_gets_no_traffic(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    with Load(sandbox.url, rate=100, max_duration_s=100) as load:
        for number, (path, problem) in enumerate(DEAD.items(), 2):
            sandbox.write(SmokedApp(WebApp(str(number), drain="1s"), flow(path)))
            failed = sandbox.run("deploy", "--yes", code=1, within=LONGEST_S)
            assert f"flow 'dead' failed through the preview door: {problem}" in failed.out + failed.err, str(failed)
            assert assert_consistent(sandbox)["release"]["version"] == "1"
    assert load.stop().not_ok == []
    assert set(load.tally.releases) == {"1"}


def test_a_flow_through_the_front_door_may_take_longer_than_the_lease_on_traffic(sandbox: Sandbox) -> None:
    strategy = {"strategy": {"kind": "blue-green", "settle": "0s", "revert_after": "5s"}}
    late = {"late": "writes: true\n" + flow("/late", within="20s")["dead"]}  # It runs only through the front door.
    sandbox.ship(WebApp("1", service=strategy))
    sandbox.ship(SmokedApp(WebApp("2", service=strategy), late), "deploy", "--yes")
    assert assert_consistent(sandbox)["release"]["version"] == "2"


def test_the_command_reports_a_service_that_does_not_respond(sandbox: Sandbox) -> None:
    sandbox.ship(SmokedApp(WebApp("1", drain="1s"), flow("/")))
    for path in ("/reset", "/silent"):
        sandbox.write(SmokedApp(WebApp("1"), flow(path)))
        failed = sandbox.run("smoke", code=1, within=LONGEST_S)
        assert DEAD[path] in failed.err
        assert "GET /health  200" in failed.out
