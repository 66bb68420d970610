"""Builds: once per content, as a job that outlives who asked for it, and begun again from nothing when killed."""

from pathlib import Path

import pytest

from tests.journeys.machine import Process, until
from tests.journeys.parrot import Parrot
from tests.journeys.place import Place
from tests.journeys.whole import assert_whole

pytestmark = pytest.mark.slow

BUILDER = """
import os, pathlib, time
assert not pathlib.Path("half").exists(), "an earlier build left something"
pathlib.Path("half").write_text("begun")
with open(os.environ["HOME"] + "/builds", "a") as builds:
    builds.write("begun\\n")
time.sleep(1.5)
pathlib.Path("half").unlink()
pathlib.Path("says").write_text(pathlib.Path("says").read_text() + ", built")
"""
BUILT = Parrot("2", build=[["{python}", "build.py"]], builder=BUILDER)


def test_a_build_runs_once_for_its_content(anyones: Place) -> None:
    anyones.ship(BUILT, "up", "--yes")
    assert anyones.get() == (200, "version 2, built")
    anyones.ship(Parrot("3"), "deploy", "--yes")
    anyones.run("rollback", "--yes")
    anyones.ship(Parrot("3"), "deploy", "--yes")
    anyones.ship(BUILT, "deploy", "--yes")
    assert anyones.get() == (200, "version 2, built")
    assert builds(anyones) == 1


def test_a_build_that_was_killed_begins_again_from_nothing(place: Place) -> None:
    place.ship(Parrot("1"))
    place.holds(BUILT)
    deploy = place.begin("deploy", "--yes")
    for one in until(lambda: building(place), within=15, what="a build that runs"):
        one.end()
    said = deploy.wait()
    assert said.code == 0, said
    assert place.get() == (200, "version 2, built")
    assert builds(place) == 2


def test_a_build_outlives_the_command_line_and_resume_waits_for_it(place: Place) -> None:
    place.ship(Parrot("1"))
    place.holds(BUILT)
    deploy = place.begin("deploy", "--yes")
    until(lambda: building(place), within=15, what="a build that runs")
    deploy.kill()
    assert building(place) != []
    place.run("resume")
    assert place.get() == (200, "version 2, built")
    assert builds(place) == 1
    assert_whole(place)


def test_abort_ends_a_build_that_runs_on(place: Place) -> None:
    place.ship(Parrot("1"))
    place.holds(BUILT)
    deploy = place.begin("deploy", "--yes")
    until(lambda: building(place), within=15, what="a build that runs")
    deploy.kill()
    place.run("abort")
    assert building(place) == []
    assert assert_whole(place)["release"]["version"] == "1"


def test_a_build_that_fails_leaves_what_serves_untouched(place: Place) -> None:
    place.ship(Parrot("1"))
    place.holds(Parrot("2", build=[["{python}", "build.py"]], builder="raise SystemExit('no paint left')"))
    before = [one.pid for one in place.instances()]
    said = place.run("deploy", "--yes", ends=1)
    assert "no paint left" in said.out + said.err
    assert [one.pid for one in place.instances()] == before
    assert_whole(place)


def building(place: Place) -> list[Process]:
    """The stub of the build's job and the build."""
    work = [one for one in place.processes() if "build.py" in one.command]
    return [one for one in place.processes() if "process_stub" in one.command] + work if work else []


def builds(place: Place) -> int:
    """How often the builder began."""
    return sum(Path(file).read_text().count("begun") for file in place.state.glob("homes/*/builds"))
