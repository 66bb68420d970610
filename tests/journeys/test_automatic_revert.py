"""A run dies after it moved traffic, and nobody comes back: people are not left on a release that nobody observes."""

import pytest

from tests.journeys.consistency import assert_consistent
from tests.journeys.load import Load
from tests.journeys.machine import until
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

UNWATCHED_S = 5

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.mark.failure("F6")
def test_traffic_is_reverted_when_heartbeats_stop(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    strategy = {"settle": "5m", "revert_after": f"{UNWATCHED_S}s"}
    sandbox.write(WebApp("2", service={"strategy": strategy}))
    deploy = sandbox.begin("deploy", "--yes")
    deploy.event("started", "settle")
    url = sandbox.url
    assert sandbox.get(url=url) == (200, "version 2")
    with Load(url, rate=20, longest_s=UNWATCHED_S + 60) as load:
        deploy.kill()
        until(lambda: sandbox.get(url=url) == (200, "version 1"), within=UNWATCHED_S + 20, what="traffic at home")
    assert load.stop().lost == [], load.tally
    assert sandbox.run("status", code=1).code == 1
    sandbox.run("abort")
    assert assert_consistent(sandbox)["release"]["version"] == "1"
