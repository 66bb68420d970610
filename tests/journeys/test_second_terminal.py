"""Commands from a second terminal during a run, and parked runs that an operator resolves."""

import pytest

from mainstay.system.users import person
from tests.journeys.consistency import assert_consistent
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

SLOW = WebApp("2", behaviour={"ready_after": 4})


@pytest.mark.failure("F16")
def test_a_second_command_reports_the_holder_of_the_lock(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.write(WebApp("2", behaviour={"ready_file": sandbox.folder / "ready"}, within="60s"))
    deploy = sandbox.start_with_events("deploy", "--yes")
    run = deploy.wait_for_event("started", "Start web@2")["run"]
    for words in (["deploy", "--yes"], ["rollback", "--yes"], ["resume"], ["up", "--yes"], ["down", "--yes"]):
        result = sandbox.run(*words, code=4)
        assert str(deploy.pid) in result.err, result
        assert run in result.err, result
    status = sandbox.query("status")
    assert (status["run"]["state"], status["run"]["id"]) == ("running", run)
    (sandbox.folder / "ready").touch()
    assert deploy.wait().code == 0


def test_abort_from_another_terminal_restores_the_old_release(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    deploy = sandbox.start_deploy(SLOW, "Start web@2")
    assert "rolling back: abort was requested by " in sandbox.run("abort").out
    assert deploy.wait_for_event("undo-started")["why"] == f"abort was requested by {person()}"
    assert deploy.wait().code == 1
    assert assert_consistent(sandbox)["release"]["version"] == "1"
    assert sandbox.query("history")[0]["outcome"] == "undone"


def test_abort_is_refused_once_the_old_release_is_being_retired(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.run("abort", code=2)
    sandbox.run("resume", code=2)


@pytest.mark.failure("F8")
def test_a_step_whose_process_is_killed_repeatedly_parks_the_run(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    ready = sandbox.folder / "ready"
    sandbox.write(WebApp("2", behaviour={"ready_file": ready}, within="90s"))
    deploy = sandbox.start_with_events("deploy", "--yes")
    step = deploy.wait_for_event("started", "Start web@2")["step"]
    deploy.kill()
    for _ in range(5):
        resume = sandbox.start_with_events("resume")
        resume.wait_for_event("resumed")
        resume.kill()
    result = sandbox.run("resume", code=5)
    assert f"crashed at step {step}" in result.err, result
    parked = sandbox.status()["run"]
    assert (parked["state"], parked["step"]) == ("parked", step)
    ready.touch()
    sandbox.run("resume", "--as", "undone", step, "--because", "I looked")
    assert assert_consistent(sandbox)["release"]["version"] == "2"
    assert "I looked" in sandbox.run("journal", "show").out
