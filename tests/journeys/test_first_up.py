"""From nothing to live, and several systems on one machine that never disturb each other."""

from collections.abc import Callable

import pytest

from tests.journeys.parrot import TABLE, Parrot
from tests.journeys.person import persons, why_not
from tests.journeys.place import Place
from tests.journeys.whole import assert_whole

pytestmark = pytest.mark.slow


def test_the_first_up_goes_from_nothing_to_live(anyones: Place) -> None:
    parrot = anyones.holds(Parrot())
    said = anyones.run("up", "--yes")
    assert anyones.url in said.out
    assert anyones.get() == (200, parrot.says)
    assert assert_whole(anyones)["release"]["version"] == "1"


def test_a_second_up_changes_nothing(place: Place) -> None:
    place.ship(Parrot())
    before = [one.pid for one in place.instances()]
    place.run("up", "--yes")
    assert [one.pid for one in place.instances()] == before
    assert len(place.ask("history")) == 1


def test_a_system_with_a_database_goes_live(anyones: Place) -> None:
    anyones.ship(Parrot(migrations=TABLE))
    assert anyones.get("/rows", method="POST") == (200, "1")
    assert anyones.get("/rows") == (200, "1")
    (database,) = assert_whole(anyones)["datastores"]
    assert (database["name"], database["state"], database["schema"]) == ("db", "ready", "0001_visit")


def test_two_environments_go_up_at_once_and_stay_apart(make_place: Callable[..., Place]) -> None:
    place = ordinary(make_place)
    manifest = place.checkout / "mainstay.yaml"
    place.holds(Parrot())
    manifest.write_text(manifest.read_text() + "environments: {local: {}, staging: {}}\n")
    place.shipped = [(None, ("-e", "local")), (None, ("-e", "staging"))]
    ups = [place.start("-e", name, "up", "--yes") for name in ("local", "staging")]
    assert [up.wait().code for up in ups] == [0, 0]
    place.run("-e", "local", "down", "--yes")
    assert place.get(url=place.ask("-e", "staging", "status")["url"]) == (200, "version 1")
    assert len(place.instances()) == 1


def test_two_checkouts_of_one_system_stay_apart(make_place: Callable[..., Place]) -> None:
    place = ordinary(make_place)
    other = place.folder / "other-checkout"
    other.mkdir()
    place.holds(Parrot("1"))
    Parrot("2").write(other)
    place.shipped = [(None, ()), (other, ())]
    ups = [place.start("up", "--yes", checkout=at) for at in (None, other)]
    assert [up.wait().code for up in ups] == [0, 0]
    assert place.get() == (200, "version 1")
    assert place.get(url=place.ask("status", checkout=other)["url"]) == (200, "version 2")


def ordinary(make_place: Callable[..., Place]) -> Place:
    """A place without `--state`: an ordinary user's, so that everything lies below its HOME."""
    if reason := why_not(persons()[-1]):
        pytest.skip(reason)
    return make_place(persons()[-1], given_state=False)
