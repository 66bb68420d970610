"""Requests go to ready replicas; if no replica is ready, to those that accept connections."""

from tests.journeys.command import Document
from tests.journeys.consistency import assert_consistent
from tests.journeys.load import Load
from tests.journeys.machine import wait_until
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp


def instances(sandbox: Sandbox) -> list[Document]:
    found: list[Document] = sandbox.status()["services"][0]["instances"]
    return found


def unready(sandbox: Sandbox) -> int:
    return sum(instance["state"] == "unready" for instance in instances(sandbox))


def test_requests_are_answered_while_no_replica_is_ready(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp(replicas=2))
    url = sandbox.url
    with Load(url, rate=50, max_duration_s=60) as load:
        for number, instance in enumerate(instances(sandbox), 1):
            assert sandbox.get("/unready", url=f"http://{instance['address']}")[0] == 200
            wait_until(lambda n=number: unready(sandbox) == n, within=30, what=f"{number} unready")  # type: ignore[misc]  # bound at once
        before = load.tally.total
        wait_until(lambda: load.tally.total > before + 50, within=10, what="further requests")
    assert load.stop().not_ok == [], load.tally
    status = sandbox.query("status", code=1)
    assert status["problems"][0]["code"] == "instances-missing"
    sandbox.ship(WebApp("2", replicas=2), "deploy", "--yes")
    assert_consistent(sandbox)
