"""Processes that leave their session, as daemons do, end with their instance, whoever runs Mainstay."""

import pytest

from tests.journeys.machine import until
from tests.journeys.parrot import Parrot
from tests.journeys.place import Place
from tests.journeys.whole import assert_whole

pytestmark = pytest.mark.slow

HELPER = "setsid env -i sleep 3600 </dev/null >/dev/null 2>&1 & exec {python} app.py"
DAEMON = "(setsid {python} app.py &) ; sleep 0.1; exit 0"


def helpers(place: Place) -> list[int]:
    return [one.pid for one in place.processes() if one.command.startswith("sleep 3600")]


@pytest.mark.failure("F69")
def test_helpers_of_earlier_releases_do_not_accumulate(anyones: Place) -> None:
    for version in ("1", "2", "3"):
        anyones.ship(Parrot(version, service={"command": ["sh", "-c", HELPER]}))
        until(lambda: len(helpers(anyones)) == 1, within=5, what=f"one helper: {helpers(anyones)}")
    anyones.run("down", "--data", "--confirm", "parrot/local")
    assert anyones.processes() == []


@pytest.mark.failure("F69")
def test_a_service_that_daemonises_is_refused_and_its_daemon_is_ended(anyones: Place) -> None:
    anyones.ship(Parrot("1"))
    anyones.holds(Parrot("2", service={"command": ["sh", "-c", DAEMON]}))
    said = anyones.run("deploy", "--yes", ends=1)
    assert "a service must stay in the foreground" in said.out + said.err, said
    assert assert_whole(anyones)["release"]["version"] == "1"


def test_what_an_instance_left_while_no_supervisor_ran_is_ended_when_it_starts_again(anyones: Place) -> None:
    anyones.ship(Parrot(service={"command": ["sh", "-c", HELPER]}))
    before = helpers(anyones)
    anyones.process("mainstay.drivers.machine.supervisor").end()
    anyones.process(" app.py").end()
    anyones.run("up", "--yes")
    until(lambda: len(helpers(anyones)) == 1 and helpers(anyones) != before, within=5, what="one new helper")
