"""Requests that outlast the drain: cut at its end, and their number is said."""

import threading

import pytest

from tests.journeys.parrot import Parrot
from tests.journeys.place import Place

pytestmark = pytest.mark.slow


def test_what_is_open_at_the_end_of_the_drain_is_cut_and_counted(place: Place) -> None:
    place.ship(Parrot("1", {"answer_after": 60}, drain="1s"))
    asked = threading.Thread(target=place.get, daemon=True)
    asked.start()
    place.holds(Parrot("2", drain="1s"))
    deploy = place.begin("deploy", "--yes")
    said = deploy.wait()
    assert said.code == 0, said
    retired = [event["evidence"] for event in deploy.events if event["event"] == "done" and "gone" in event["evidence"]]
    assert retired[0].endswith("1 open connection cut at the end of the drain"), retired
    asked.join(10)
