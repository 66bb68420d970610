"""Builds: once per content, as a job that outlives who asked for it, and begun again from nothing when killed."""

from pathlib import Path

import pytest

from tests.journeys.consistency import assert_consistent
from tests.journeys.machine import Process, until
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

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
BUILT = WebApp("2", build=[["{python}", "build.py"]], builder=BUILDER)


def test_a_build_runs_once_for_its_content(any_sandbox: Sandbox) -> None:
    any_sandbox.ship(BUILT, "up", "--yes")
    assert any_sandbox.get() == (200, "version 2, built")
    any_sandbox.ship(WebApp("3"), "deploy", "--yes")
    any_sandbox.run("rollback", "--yes")
    any_sandbox.ship(WebApp("3"), "deploy", "--yes")
    any_sandbox.ship(BUILT, "deploy", "--yes")
    assert any_sandbox.get() == (200, "version 2, built")
    assert builds(any_sandbox) == 1


def test_a_killed_build_starts_again_from_an_empty_folder(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.write(BUILT)
    deploy = sandbox.begin("deploy", "--yes")
    for one in until(lambda: building(sandbox), within=15, what="a build that runs"):
        one.end()
    result = deploy.wait()
    assert result.code == 0, result
    assert sandbox.get() == (200, "version 2, built")
    assert builds(sandbox) == 2


def test_a_build_survives_the_command_and_resume_waits_for_it(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.write(BUILT)
    deploy = sandbox.begin("deploy", "--yes")
    until(lambda: building(sandbox), within=15, what="a build that runs")
    deploy.kill()
    assert building(sandbox) != []
    sandbox.run("resume")
    assert sandbox.get() == (200, "version 2, built")
    assert builds(sandbox) == 1
    assert_consistent(sandbox)


def test_abort_ends_a_build_that_is_still_running(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.write(BUILT)
    deploy = sandbox.begin("deploy", "--yes")
    until(lambda: building(sandbox), within=15, what="a build that runs")
    deploy.kill()
    sandbox.run("abort")
    assert building(sandbox) == []
    assert assert_consistent(sandbox)["release"]["version"] == "1"


def test_a_failed_build_leaves_the_live_release_untouched(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.write(WebApp("2", build=[["{python}", "build.py"]], builder="raise SystemExit('no paint left')"))
    before = [one.pid for one in sandbox.instances()]
    result = sandbox.run("deploy", "--yes", code=1)
    assert "no paint left" in result.out + result.err
    assert [one.pid for one in sandbox.instances()] == before
    assert_consistent(sandbox)


def building(sandbox: Sandbox) -> list[Process]:
    """The stub of the build's job and the build."""
    work = [one for one in sandbox.processes() if "build.py" in one.command]
    return [one for one in sandbox.processes() if "process_stub" in one.command] + work if work else []


def builds(sandbox: Sandbox) -> int:
    """How often the builder began."""
    return sum(Path(file).read_text().count("begun") for file in sandbox.state.glob("homes/*/builds"))
