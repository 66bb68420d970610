"""`down`, reboots and `up`: nothing runs that should not, and everything is back that was there."""

import pytest

from tests.journeys.machine import reboot
from tests.journeys.parrot import TABLE, Parrot
from tests.journeys.place import Place
from tests.journeys.whole import assert_whole

pytestmark = pytest.mark.slow


def test_down_leaves_nothing_running_and_up_brings_it_back(anyones: Place) -> None:
    anyones.ship(Parrot(migrations=TABLE))
    url = anyones.url
    assert anyones.get("/rows", method="POST") == (200, "1")
    assert anyones.get("/posts/1", method="POST")[0] == 200
    anyones.run("down", "--yes")
    assert anyones.processes() == []
    assert anyones.ask("status")["health"] == "stopped"
    anyones.run("up", "--yes")
    assert anyones.get("/rows", url=url) == (200, "1")
    assert anyones.posted() == ["/posts/1"]
    assert assert_whole(anyones)["release"]["number"] == 1


def test_down_twice_is_down_once(place: Place) -> None:
    place.ship(Parrot())
    place.run("down", "--yes")
    assert "parrot/local is stopped already" in place.run("down", "--yes").out
    assert place.processes() == []


def test_a_down_that_is_killed_is_carried_on(place: Place) -> None:
    place.ship(Parrot(behaviour={"ignores_sigterm": "yes"}))
    down = place.begin("down", "--yes")
    down.event("started")
    down.kill()
    place.run("resume")
    assert place.processes() == []
    place.run("up", "--yes")
    assert_whole(place)


@pytest.mark.failure("F83")
def test_after_a_reboot_everything_is_back_with_its_data(anyones: Place) -> None:
    anyones.ship(Parrot(migrations=TABLE, replicas=2))
    url = anyones.url
    assert anyones.get("/rows", method="POST") == (200, "1")
    reboot(anyones.state)
    assert anyones.run("status", ends=1).code == 1
    anyones.run("up", "--yes")
    assert anyones.get("/rows", url=url) == (200, "1")
    assert_whole(anyones)


def test_what_was_laid_down_stays_down_over_a_reboot(place: Place) -> None:
    place.ship(Parrot())
    place.run("down", "--yes")
    reboot(place.state)
    assert place.ask("status")["health"] == "stopped"
    assert place.processes() == []
    place.run("up", "--yes")
    assert_whole(place)


@pytest.mark.parametrize("verb", ["up", "resume"])
def test_a_deploy_that_a_reboot_cut_off_ends_whole(place: Place, verb: str) -> None:
    place.ship(Parrot("1", migrations=TABLE))
    place.holds(Parrot("2", migrations=TABLE, settle="2s"))
    deploy = place.begin("deploy", "--yes")
    deploy.event("started", "settle")
    reboot(place.state)
    assert deploy.wait().code == -9
    words = [verb, "--yes"] if verb == "up" else [verb]
    assert place.run(*words, ends=None).code in {0, 1}
    assert assert_whole(place)["release"]["version"] in {"1", "2"}


def test_down_with_its_data_keeps_journal_and_keys(place: Place) -> None:
    place.ship(Parrot(migrations=TABLE))
    assert place.get("/rows", method="POST") == (200, "1")
    assert place.get("/posts/1", method="POST")[0] == 200
    place.run("down", "--data", "--yes", ends=3)
    assert place.get("/rows") == (200, "1")
    place.run("down", "--data", "--confirm", "parrot/local")
    assert place.processes() == []
    left = {path.name for path in place.state.iterdir() if path.is_file() or any(path.iterdir())}
    assert {"journal.db", "head"} <= left
    assert left & {"data", "volumes", "releases", "content", "sockets"} == set()
    assert [path.name for path in place.keys.rglob("*.key")] != []
    assert place.run("journal", "verify").code == 0
    place.run("up", "--yes")
    assert place.get("/rows") == (200, "0")
    assert assert_whole(place)["release"]["number"] == 2
