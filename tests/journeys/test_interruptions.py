"""A person or the machine asks to stop, or stops listening."""

import os
import signal
import subprocess
import time

import pytest

from tests.journeys.load import Load
from tests.journeys.parrot import Parrot
from tests.journeys.place import Place
from tests.journeys.whole import assert_whole

pytestmark = pytest.mark.slow

SLOW = Parrot("2", behaviour={"ready_after": 2})
SETTLING = Parrot("2", settle="2s")


@pytest.mark.failure("F9")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"])
def test_asked_once_it_stops_resumable_and_says_how(place: Place, number: signal.Signals, code: int) -> None:
    place.ship(Parrot("1"))
    place.holds(SLOW)
    deploy = place.begin("deploy", "--yes")
    deploy.event("started", "Start web@2")
    deploy.send(number)
    said = deploy.wait(within=10)
    assert (said.code, "resume" in said.err) == (code, True), said
    assert place.status()["run"]["state"] == "interrupted"
    assert place.get() == (200, "version 1")
    place.run("resume")
    assert assert_whole(place)["release"]["version"] == "2"


@pytest.mark.failure("F10")
def test_asked_twice_it_stops_at_once_and_is_resumable(place: Place) -> None:
    place.ship(Parrot("1"))
    place.holds(SLOW)
    deploy = place.begin("deploy", "--yes")
    deploy.event("started", "Start web@2")
    began = time.monotonic()
    deploy.send(signal.SIGINT)
    deploy.says("stopping at the next safe point")
    deploy.send(signal.SIGINT)
    assert deploy.wait().code == 130
    assert time.monotonic() - began < 2
    place.run("resume")
    assert assert_whole(place)["release"]["version"] == "2"


def test_interrupted_while_it_settles_traffic_goes_back_and_resume_loses_nothing(anyones: Place) -> None:
    anyones.ship(Parrot("1"))
    anyones.holds(SETTLING)
    with Load(anyones.url, rate=300, posts=True) as load:
        deploy = anyones.begin("deploy", "--yes")
        deploy.event("started", "settle")
        deploy.send(signal.SIGINT)
        assert deploy.wait(within=15).code == 130
        assert anyones.get() == (200, "version 1")
        resume = anyones.begin("resume")
        resume.step_done("settle")
        assert resume.wait().code == 0
    assert load.stop().lost == [], load.tally
    assert set(load.tally.releases) == {"1", "2"}
    assert assert_whole(anyones)["release"]["version"] == "2"


def test_interrupted_while_it_settles_abort_leaves_all_as_before(place: Place) -> None:
    place.ship(Parrot("1"))
    place.holds(SETTLING)
    deploy = place.begin("deploy", "--yes")
    deploy.event("started", "settle")
    deploy.send(signal.SIGINT)
    assert deploy.wait(within=15).code == 130
    assert "rolling back: abort was requested by " in place.run("abort").out
    assert assert_whole(place)["release"]["version"] == "1"


@pytest.mark.failure("F12")
def test_a_lost_terminal_ends_nothing(place: Place) -> None:
    place.ship(Parrot("1"))
    place.holds(SLOW)
    deploy = place.begin("deploy", "--yes")
    deploy.event("started", "Start web@2")
    deploy.send(signal.SIGHUP)
    assert deploy.wait().code == 0
    assert assert_whole(place)["release"]["version"] == "2"


@pytest.mark.failure("F13")
@pytest.mark.parametrize("output", ["text", "json"])
def test_a_reader_that_goes_away_ends_nothing(place: Place, output: str) -> None:
    place.ship(Parrot("1"))
    place.holds(Parrot("2"))
    reader, writer = os.pipe()
    deploy = place.start("--output", output, "deploy", "--yes", stdout=writer, stderr=subprocess.STDOUT)
    os.close(writer)
    os.close(reader)
    assert deploy.wait().code == 0
    assert assert_whole(place)["release"]["version"] == "2"
