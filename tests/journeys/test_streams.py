"""Requests and streams that outlast the drain: how many, and when they are cut."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.journeys.parrot import Parrot
from tests.journeys.place import Place

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("open_still", "told"), [(1, "1 connection"), (2, "2 connections")])
def test_requests_that_outlast_the_drain_are_counted_and_cut_when_their_instance_ends(
    place: Place, open_still: int, told: str
) -> None:
    place.ship(Parrot("1", {"answer_after": 60}, drain="1s"))
    url = place.url
    with ThreadPoolExecutor() as threads:
        answers = [threads.submit(place.get, url=url) for _ in range(open_still)]
        place.holds(Parrot("2", drain="1s"))
        deploy = place.begin("deploy", "--yes")
        said = deploy.wait()
        # What may be repeated is: the new version answers what the old one was cut off from.
        assert [answer.result() for answer in answers] == [(200, "version 2")] * open_still
    assert said.code == 0, said
    retired = [
        event["evidence"] for event in deploy.events if event["event"] == "done" and "stopped" in event["evidence"]
    ]
    # The application waits for them on SIGTERM: only the end of its grace period cuts them.
    killed = "1 instance killed with SIGKILL because it ignored SIGTERM for 2 s"
    assert retired[0].endswith(f"s, {told} still open after the drain of 1 s, {killed}"), retired
