"""No caller reaches a callee older than itself in a deploy, rollback, abort, interrupt or automatic revert."""

import signal

import pytest

from tests.journeys.caller_and_callee import CallerAndCallee
from tests.journeys.consistency import assert_consistent
from tests.journeys.load import Load
from tests.journeys.machine import wait_until
from tests.journeys.sandbox import Sandbox

pytestmark = pytest.mark.timeout(240)
RATE = 40.0


@pytest.mark.goal("G2")
def test_rollbacks_of_a_slow_caller_and_its_callee_lose_no_request(sandbox: Sandbox) -> None:
    sandbox.ship(CallerAndCallee(1))
    sandbox.ship(CallerAndCallee(2), "deploy", "--yes")
    with Load(sandbox.url, rate=RATE, max_duration_s=200) as load:
        for _ in range(5):
            sandbox.run("rollback", "--to", "1", "--yes")
            sandbox.run("rollback", "--to", "2", "--yes")
    assert load.stop().not_ok == [], load.tally
    assert set(load.tally.releases) == {"1", "2"}


@pytest.mark.goal("G2")
def test_a_deploy_of_a_slow_caller_and_its_callee_loses_no_request(sandbox: Sandbox) -> None:
    sandbox.ship(CallerAndCallee(1))
    with Load(sandbox.url, rate=RATE) as load:
        sandbox.ship(CallerAndCallee(2), "deploy", "--yes")
    assert load.stop().not_ok == [], load.tally


@pytest.mark.parametrize(
    "cause", ["abort", "interrupt", "failure", pytest.param("kill", marks=pytest.mark.failure("F6"))]
)
def test_traffic_that_is_reverted_loses_no_request(cause: str, sandbox: Sandbox) -> None:
    sandbox.ship(CallerAndCallee(1))
    deploy = sandbox.start_deploy(
        CallerAndCallee(2, settle="5m", revert_after="5s", fails_after=6.0 if cause == "failure" else 0), "settle"
    )
    with Load(sandbox.url, rate=RATE, max_duration_s=60) as load:
        wait_until(lambda: load.tally.releases["2"] > 20, within=20, what="requests to the new release")
        match cause:
            case "abort":
                sandbox.run("abort")
            case "interrupt":
                deploy.send(signal.SIGINT)
            case "kill":
                deploy.kill()
        wait_until(lambda: all_from(load, "1"), within=30, what="traffic on the old release")
    assert load.stop().not_ok == [], load.tally
    deploy.wait()
    if cause == "kill":
        sandbox.run("status", code=1)
    sandbox.run("abort", code=None)
    assert assert_consistent(sandbox)["release"]["version"] == "1"


def all_from(load: Load, release: str) -> bool:
    """Return whether all responses of the last second came from *release*."""
    return {response.release for response in load.tally.responses[-int(RATE) :]} == {release}


def test_a_canary_whose_caller_needs_the_new_callee_is_rolled_back_as_the_plan_warned(sandbox: Sandbox) -> None:
    canary = {"kind": "canary", "percent": [25], "hold": "5s"}
    # With the same share, the calls of front@2, every fourth one, could all reach back@2, which gets every fourth call.
    other_share = canary | {"percent": [40]}
    sandbox.ship(CallerAndCallee(1, work_s=0.01, strategy=canary, back_strategy=other_share))
    with Load(sandbox.url, rate=100) as load:
        sandbox.write(CallerAndCallee(2, work_s=0.01, strategy=canary, back_strategy=other_share))
        plan = sandbox.run("plan").out
        result = sandbox.run("deploy", "--yes", code=1)
    assert "front@1 and front@2 each call both back@1 and back@2: all four combinations must work" in plan
    assert "the new release is worse than the old one: front@2: " in result.out + result.err
    assert "logs edge --release 2" in result.out + result.err
    assert len(load.stop().not_ok) < 0.1 * load.tally.total
    assert assert_consistent(sandbox)["release"]["version"] == "1"
