"""A run is killed after it has switched traffic: without heartbeats traffic is reverted automatically."""

import pytest

from tests.journeys.consistency import assert_consistent
from tests.journeys.load import Load
from tests.journeys.machine import wait_until
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

REVERT_AFTER_S = 5

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.mark.failure("F6")
def test_traffic_is_reverted_when_heartbeats_stop(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    strategy = {"settle": "5m", "revert_after": f"{REVERT_AFTER_S}s"}
    deploy = sandbox.start_deploy(WebApp("2", service={"strategy": strategy}), "settle")
    url = sandbox.url
    assert sandbox.get(url=url) == (200, "version 2")
    with Load(url, rate=20, max_duration_s=REVERT_AFTER_S + 60) as load:
        deploy.kill()
        wait_until(
            lambda: sandbox.get(url=url) == (200, "version 1"), within=REVERT_AFTER_S + 20, what="the revert of traffic"
        )
    assert load.stop().lost == [], load.tally
    assert sandbox.run("status", code=1).code == 1
    sandbox.run("abort")
    assert assert_consistent(sandbox)["release"]["version"] == "1"
