"""Requests that outlast the drain are counted, and cut when their instance is killed."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("requests", "described"), [(1, "1 connection"), (2, "2 connections")])
def test_requests_that_outlast_the_drain_are_counted_and_cut_when_their_instance_ends(
    sandbox: Sandbox, requests: int, described: str
) -> None:
    sandbox.ship(WebApp("1", {"respond_after": 60}, drain="1s"))
    url = sandbox.url
    with ThreadPoolExecutor() as threads:
        responses = [threads.submit(sandbox.get, url=url) for _ in range(requests)]
        sandbox.write(WebApp("2", drain="1s"))
        deploy = sandbox.start_with_events("deploy", "--yes")
        result = deploy.wait()
        # HAProxy retries these requests, which are idempotent, and the new version answers them.
        assert [response.result() for response in responses] == [(200, "version 2")] * requests
    assert result.code == 0, result
    retired = [
        event["evidence"] for event in deploy.events if event["event"] == "done" and "stopped" in event["evidence"]
    ]
    # On SIGTERM the application waits for its requests, so only SIGKILL after the grace period cuts them.
    killed = "1 instance killed with SIGKILL because it ignored SIGTERM for 2 s"
    assert retired[0].endswith(f"s, {described} still open after the drain of 1 s, {killed}"), retired
