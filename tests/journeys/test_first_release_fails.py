"""A first release that fails or is interrupted, and what then works: `down`, a fix, and `up` once more."""

from signal import SIGINT

import pytest

from tests.journeys.parrot import TABLE, Parrot
from tests.journeys.place import Place
from tests.journeys.whole import assert_whole

pytestmark = pytest.mark.slow
UNLICENSED: dict[str, object] = {"licence": "/nonexistent"}


@pytest.mark.parametrize("migrations", [None, TABLE], ids=["without a datastore", "with a datastore"])
def test_up_ships_the_fix_after_a_failed_first_release_and_down(
    place: Place, migrations: dict[str, str] | None
) -> None:
    place.holds(Parrot("1", UNLICENSED, migrations=migrations))
    place.run("up", "--yes", ends=1)
    stopped = place.run("down", "--yes")
    assert "mainstay start" not in stopped.out, stopped
    assert "mainstay --state" in stopped.out.splitlines()[-1], stopped
    assert stopped.out.rstrip().endswith(" up"), stopped
    assert place.run("status").out.splitlines()[1].endswith(" up")
    place.ship(Parrot("2", migrations=migrations))
    assert assert_whole(place)["release"]["version"] == "2"


def test_up_ships_after_an_interrupted_first_release_abort_and_down(place: Place) -> None:
    place.holds(Parrot("1", {"never_ready": "yes"}, within="20s"))
    first = place.begin("up", "--yes")
    first.event("started", "Start web")
    first.send(SIGINT)
    assert first.wait().code == 130
    place.run("abort")
    place.run("down", "--yes")
    place.ship(Parrot("2"))
    assert assert_whole(place)["release"]["version"] == "2"
