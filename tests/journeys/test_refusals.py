"""What is refused before anything is changed, and what a release that went back leaves as it was."""

import os
import re
import socket

import pytest

from tests.journeys.parrot import TABLE, Parrot
from tests.journeys.place import Place

pytestmark = pytest.mark.slow


def test_a_port_that_is_taken_is_said_with_its_holder_before_anything_is_changed(place: Place) -> None:
    with socket.create_server(("0.0.0.0", 0)) as stranger:
        port = stranger.getsockname()[1]
        place.holds(Parrot(http=port))
        said = place.run("up", "--yes", ends=1)
    assert re.search(rf"port {port} is taken by \S.* \(pid {os.getpid()}\)", said.err), said
    assert not place.state.joinpath("journal.db").exists()
    place.run("up", "--yes")
    assert place.url.endswith(f":{port}")


def test_a_datastore_that_never_came_is_not_missed_by_status(place: Place) -> None:
    place.ship(Parrot("1"))
    place.holds(Parrot("2", {"never_ready": "yes"}, within="1s", migrations=TABLE))
    said = place.run("deploy", "--yes", ends=1)
    assert said.out.splitlines()[-1].endswith(f"mainstay --state {place.state} logs web --release 2"), said
    assert place.ask("status")["datastores"] == []
