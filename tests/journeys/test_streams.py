"""Requests and streams that outlast the drain: how many, and when they are cut."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("open_still", "printed"), [(1, "1 connection"), (2, "2 connections")])
def test_requests_that_outlast_the_drain_are_counted_and_cut_when_their_instance_ends(
    sandbox: Sandbox, open_still: int, printed: str
) -> None:
    sandbox.ship(WebApp("1", {"answer_after": 60}, drain="1s"))
    url = sandbox.url
    with ThreadPoolExecutor() as threads:
        answers = [threads.submit(sandbox.get, url=url) for _ in range(open_still)]
        sandbox.write(WebApp("2", drain="1s"))
        deploy = sandbox.begin("deploy", "--yes")
        result = deploy.wait()
        # What may be repeated is: the new version answers what the old one was cut off from.
        assert [answer.result() for answer in answers] == [(200, "version 2")] * open_still
    assert result.code == 0, result
    retired = [
        event["evidence"] for event in deploy.events if event["event"] == "done" and "stopped" in event["evidence"]
    ]
    # The application waits for them on SIGTERM: only the end of its grace period cuts them.
    killed = "1 instance killed with SIGKILL because it ignored SIGTERM for 2 s"
    assert retired[0].endswith(f"s, {printed} still open after the drain of 1 s, {killed}"), retired
