"""Processes that leave their session, as daemons do, are killed with their instance, for every user."""

import pytest

from tests.journeys.consistency import assert_consistent
from tests.journeys.machine import SUPERVISOR, wait_until
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

HELPER = "setsid env -i sleep 3600 </dev/null >/dev/null 2>&1 & exec {python} app.py"
DAEMON = "(setsid {python} app.py &) ; sleep 0.1; exit 0"


def helper_pids(sandbox: Sandbox) -> list[int]:
    return [process.pid for process in sandbox.processes() if process.command.startswith("sleep 3600")]


@pytest.mark.failure("F69")
def test_helpers_of_earlier_releases_do_not_accumulate(any_sandbox: Sandbox) -> None:
    for version in ("1", "2", "3"):
        any_sandbox.ship(WebApp(version, service={"command": ["sh", "-c", HELPER]}))
        wait_until(lambda: len(helper_pids(any_sandbox)) == 1, within=5, what=f"one helper: {helper_pids(any_sandbox)}")
    any_sandbox.run("down", "--data", "--confirm", "parrot/local")
    assert any_sandbox.processes() == []


@pytest.mark.failure("F69")
def test_a_service_that_daemonises_is_refused_and_its_daemon_is_killed(any_sandbox: Sandbox) -> None:
    any_sandbox.ship(WebApp("1"))
    any_sandbox.write(WebApp("2", service={"command": ["sh", "-c", DAEMON]}))
    result = any_sandbox.run("deploy", "--yes", code=1)
    assert "a service must stay in the foreground" in result.out + result.err, result
    assert assert_consistent(any_sandbox)["release"]["version"] == "1"


def test_processes_left_by_an_instance_without_a_supervisor_are_killed_at_its_restart(any_sandbox: Sandbox) -> None:
    any_sandbox.ship(WebApp(service={"command": ["sh", "-c", HELPER]}))
    before = helper_pids(any_sandbox)
    any_sandbox.process(SUPERVISOR).kill()
    any_sandbox.process(" app.py").kill()
    any_sandbox.run("up", "--yes")
    wait_until(
        lambda: len(helper_pids(any_sandbox)) == 1 and helper_pids(any_sandbox) != before,
        within=5,
        what="one new helper",
    )
