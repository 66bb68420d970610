"""A request that kills its instance is retried at most once, and never after its response has started."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.journeys.consistency import wait_until_healthy
from tests.journeys.load import Load
from tests.journeys.machine import wait_until
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp


def restarts(sandbox: Sandbox) -> list[int]:
    """Return the number of restarts of each instance, highest first."""
    return sorted((instance["restarts"] for instance in sandbox.status()["services"][0]["instances"]), reverse=True)


def ship(sandbox: Sandbox, replicas: int) -> str:
    sandbox.ship(WebApp(replicas=replicas))
    assert restarts(sandbox) == [0] * replicas
    return sandbox.url


@pytest.mark.parametrize("replicas", [2, 3, 4])
def test_a_get_that_kills_its_instance_is_retried_once_and_then_fails(sandbox: Sandbox, replicas: int) -> None:
    url = ship(sandbox, replicas)
    status, body = sandbox.get("/die", url=url)
    wait_until_healthy(sandbox, within=15)
    assert restarts(sandbox) == [1, 1] + [0] * (replicas - 2)
    assert status == 502, (status, body)


@pytest.mark.parametrize("path", ["/die", "/cut"])
def test_a_post_and_a_started_response_are_not_retried(sandbox: Sandbox, path: str) -> None:
    url = ship(sandbox, 3)
    status, body = sandbox.get(path, method="POST" if path == "/die" else "GET", url=url)
    wait_until_healthy(sandbox, within=15)
    assert restarts(sandbox) == [1, 0, 0]
    assert status == 502 if path == "/die" else "IncompleteRead" in body


@pytest.mark.parametrize("replicas", [3, 4])
def test_a_get_that_kills_two_instances_fails_only_requests_routed_to_both(sandbox: Sandbox, replicas: int) -> None:
    url = ship(sandbox, replicas)
    with Load(url, rate=100) as load, ThreadPoolExecutor() as threads:
        wait_until(lambda: load.tally.total > 50, within=10, what="the first requests")
        assert threads.submit(sandbox.get, "/die", url=url).result()[0] == 502
        wait_until_healthy(sandbox, within=15)
        before = load.tally.total
        wait_until(lambda: load.tally.total > before + 50, within=10, what="further requests")
    assert len(load.stop().not_ok) <= 3, load.tally
