"""Signals to a running command, a lost terminal and a closed output."""

import os
import signal
import subprocess
import time

import pytest

from tests.journeys.consistency import assert_consistent
from tests.journeys.load import Load
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

SLOW = WebApp("2", behaviour={"ready_after": 2})
SETTLING = WebApp("2", settle="2s")


@pytest.mark.failure("F9")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"])
def test_the_first_signal_stops_the_run_resumable_and_prints_how(
    sandbox: Sandbox, number: signal.Signals, code: int
) -> None:
    sandbox.ship(WebApp("1"))
    deploy = sandbox.start_deploy(SLOW, "Start web@2")
    deploy.send(number)
    result = deploy.wait(within=10)
    assert (result.code, "resume" in result.err) == (code, True), result
    assert sandbox.status()["run"]["state"] == "interrupted"
    assert sandbox.get() == (200, "version 1")
    sandbox.run("resume")
    assert assert_consistent(sandbox)["release"]["version"] == "2"


@pytest.mark.failure("F10")
def test_the_second_signal_stops_the_run_at_once_and_resumable(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    deploy = sandbox.start_deploy(SLOW, "Start web@2")
    started = time.monotonic()
    deploy.send(signal.SIGINT)
    deploy.wait_for_message("stopping at the next safe point")
    deploy.send(signal.SIGINT)
    assert deploy.wait().code == 130
    assert time.monotonic() - started < 2
    sandbox.run("resume")
    assert assert_consistent(sandbox)["release"]["version"] == "2"


def test_an_interrupt_while_settling_reverts_traffic_and_resume_loses_no_request(any_sandbox: Sandbox) -> None:
    any_sandbox.ship(WebApp("1"))
    any_sandbox.write(SETTLING)
    with Load(any_sandbox.url, rate=300, posts=True) as load:
        deploy = any_sandbox.start_with_events("deploy", "--yes")
        deploy.wait_for_event("started", "settle")
        deploy.send(signal.SIGINT)
        assert deploy.wait(within=15).code == 130
        assert any_sandbox.get() == (200, "version 1")
        resume = any_sandbox.start_with_events("resume")
        resume.wait_for_step("settle")
        assert resume.wait().code == 0
    assert load.stop().not_ok == [], load.tally
    assert set(load.tally.releases) == {"1", "2"}
    assert assert_consistent(any_sandbox)["release"]["version"] == "2"


def test_abort_after_an_interrupt_while_settling_restores_the_old_release(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    deploy = sandbox.start_deploy(SETTLING, "settle")
    deploy.send(signal.SIGINT)
    assert deploy.wait(within=15).code == 130
    assert "rolling back: abort was requested by " in sandbox.run("abort").out
    assert assert_consistent(sandbox)["release"]["version"] == "1"


@pytest.mark.failure("F12")
def test_losing_the_terminal_does_not_stop_the_run(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    deploy = sandbox.start_deploy(SLOW, "Start web@2")
    deploy.send(signal.SIGHUP)
    assert deploy.wait().code == 0
    assert assert_consistent(sandbox)["release"]["version"] == "2"


@pytest.mark.failure("F13")
@pytest.mark.parametrize("output", ["text", "json"])
def test_a_closed_output_pipe_does_not_stop_the_run(sandbox: Sandbox, output: str) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.write(WebApp("2"))
    reader, writer = os.pipe()
    deploy = sandbox.start("--output", output, "deploy", "--yes", stdout=writer, stderr=subprocess.STDOUT)
    os.close(writer)
    os.close(reader)
    assert deploy.wait().code == 0
    assert assert_consistent(sandbox)["release"]["version"] == "2"
