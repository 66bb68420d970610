"""Requests that kill the instance that handles them: repeated at most once, and never after a response began."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.journeys.consistency import healthy_status
from tests.journeys.load import Load
from tests.journeys.machine import until
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

pytestmark = pytest.mark.slow


def restarts(sandbox: Sandbox) -> list[int]:
    """How often each instance was restarted, the most often first."""
    return sorted((one["restarts"] for one in sandbox.status()["services"][0]["instances"]), reverse=True)


def ship(sandbox: Sandbox, replicas: int) -> str:
    sandbox.ship(WebApp(replicas=replicas))
    assert restarts(sandbox) == [0] * replicas
    return sandbox.url


@pytest.mark.parametrize("replicas", [2, 3, 4])
def test_a_get_that_kills_its_instance_is_retried_once_and_then_fails(sandbox: Sandbox, replicas: int) -> None:
    url = ship(sandbox, replicas)
    status, body = sandbox.get("/die", url=url)
    until(lambda: healthy_status(sandbox), within=15, what="all instances again")
    assert restarts(sandbox) == [1, 1] + [0] * (replicas - 2)
    assert status == 502, (status, body)


@pytest.mark.parametrize("path", ["/die", "/cut"])
def test_a_post_and_a_started_response_are_not_retried(sandbox: Sandbox, path: str) -> None:
    url = ship(sandbox, 3)
    status, body = sandbox.get(path, method="POST" if path == "/die" else "GET", url=url)
    until(lambda: healthy_status(sandbox), within=15, what="all instances again")
    assert restarts(sandbox) == [1, 0, 0]
    assert status == 502 if path == "/die" else "IncompleteRead" in body


@pytest.mark.parametrize("replicas", [3, 4])
def test_a_get_that_kills_two_instances_fails_only_requests_routed_to_both(sandbox: Sandbox, replicas: int) -> None:
    url = ship(sandbox, replicas)
    with Load(url, rate=100) as load, ThreadPoolExecutor() as threads:
        until(lambda: load.tally.total > 50, within=10, what="a load")
        assert threads.submit(sandbox.get, "/die", url=url).result()[0] == 502
        until(lambda: healthy_status(sandbox), within=15, what="all instances again")
        before = load.tally.total
        until(lambda: load.tally.total > before + 50, within=10, what="more of the load")
    assert len(load.stop().lost) <= 3, load.tally
