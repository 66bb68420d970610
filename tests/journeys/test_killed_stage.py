"""A stage with its verdict survives the death of each part at each of its moments, and serves what is desired."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from mainstay.drivers.edge.haproxy.access_lines import PATH_BYTES
from mainstay.drivers.edge.haproxy.config.global_section import RING_BYTES
from tests.journeys.command import Command, Document
from tests.journeys.consistency import assert_consistent
from tests.journeys.load import Load
from tests.journeys.machine import SUPERVISOR, wait_until
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

pytestmark = pytest.mark.timeout(300)

RATE = 200
"""Requests per second."""
CANARY = {"strategy": {"kind": "canary", "percent": [50], "hold": "1s", "settle": "1s"}}
"""Half of the requests suffice for a verdict within the second of the hold; a quarter would take twice as long."""
LONG = "/" + "x" * PATH_BYTES
"""A path of which few thousand requests fill the room for lines of the access log."""
MOMENTS = ("Start web@", "50 % @", "Observe web@", "100 % @", " settle ", "Retire web@")
"""A part of the title of each step, in order; the part dies when the step has started."""


def app_version(number: int) -> WebApp:
    return WebApp(f"1.{number}", behaviour={"respond_after": 0.01}, service=CANARY)


@pytest.mark.failure("F71")
@pytest.mark.failure("F72")
@pytest.mark.parametrize("part", ["command", "supervisor", "haproxy"])
def test_a_stage_ends_released_or_rolled_back_whichever_part_dies_at_any_of_its_moments(
    sandbox: Sandbox, part: str
) -> None:
    sandbox.ship(app_version(0))
    first = sandbox.status()
    url, before = first["url"], first["release"]
    with Load(url, rate=RATE, posts=True, max_duration_s=200) as load:
        for number, moment in enumerate(MOMENTS, 1):
            new = sandbox.write(app_version(number))
            deploy = sandbox.start_with_events("deploy", "--yes")
            deploy.wait_for_event("started", moment)
            kill(sandbox, deploy, part)
            assert_served_as_desired(sandbox, url, before, new)
            outcome = finished(sandbox, deploy)
            if part == "supervisor":
                sandbox.run("start")  # It may have died after the last request of the run, which would start it again.
            now = assert_consistent(sandbox)["release"]
            assert now["version"] == (new.version if outcome == "released" else before["version"]), (moment, outcome)
            assert outcome == "released" or part == "haproxy", moment
            before = now
    executed = Counter(sandbox.posted_paths())
    assert max(executed.values()) == 1
    if part != "haproxy":  # Its death ends the requests that it handles.
        assert load.tally.not_ok == [], load.tally
    # A share of all requests would depend on how long the test takes; each death costs about a second of requests.
    assert len(load.tally.not_ok) < 2 * RATE * len(MOMENTS), load.tally


def kill(sandbox: Sandbox, deploy: Command, part: str) -> None:
    if part == "command":
        deploy.kill()
        return
    victims = sandbox.processes(SUPERVISOR if part == "supervisor" else "haproxy.cfg")
    assert victims
    for victim in victims:
        victim.kill()


def finished(sandbox: Sandbox, deploy: Command) -> str:
    """Wait until the run has ended, resuming it if its command was killed; return its outcome."""
    if not deploy.has_exited:
        assert deploy.wait(within=90).code in {0, 1}
    if sandbox.status()["run"]:
        assert sandbox.run("resume", code=None, within=90).code in {0, 1}
    return str(sandbox.query("history")[0]["outcome"])


def assert_served_as_desired(sandbox: Sandbox, url: str, old: Document, new: WebApp) -> None:
    """Check that the front door at *url* leads only to the releases that have traffic in `status`."""

    def served() -> bool:
        shares = traffic(sandbox)
        responses = {sandbox.get(url=url) for _ in range(20)}
        versions = {old["version"] if int(number) == old["number"] else new.version for number in shares}
        return shares == traffic(sandbox) and responses <= {(200, f"version {version}") for version in versions}

    wait_until(served, within=15, what="a front door that serves what is desired")


def traffic(sandbox: Sandbox) -> dict[str, float]:
    """Return the percentages of traffic by release, while the edge answers."""
    (service,) = sandbox.status()["services"]
    return {release: percent for release, percent in service["traffic"].items() if percent}


@contextmanager
def observed(sandbox: Sandbox, new: WebApp, *, path: str = "/") -> Iterator[tuple[Command, Load]]:
    """Deploy *new* under load; begin when its first stage is observed."""
    sandbox.ship(app_version(0))
    with Load(sandbox.url, rate=400 if path == LONG else 200, max_duration_s=100, path=path) as load:
        sandbox.write(new)
        deploy = sandbox.start_with_events("deploy", "--yes")
        deploy.wait_for_event("started", "Observe web@")
        yield deploy, load


def signal_for(sandbox: Sandbox, load: Load, ending: signal.Signals, requests: int = 400) -> None:
    """Send *ending* to the supervisor, which reads the log; continue it after *requests* further requests."""
    supervisor = sandbox.process(SUPERVISOR)
    os.kill(supervisor.pid, ending)
    try:
        enough = load.tally.total + requests
        wait_until(lambda: load.tally.total >= enough, within=60, what="requests while nothing reads the log")
    finally:
        with suppress(ProcessLookupError):
            os.kill(supervisor.pid, signal.SIGCONT)


def test_a_stage_whose_log_reader_is_stopped_for_a_while_loses_no_request_and_ends(sandbox: Sandbox) -> None:
    with observed(sandbox, app_version(1)) as (deploy, load):
        signal_for(sandbox, load, signal.SIGSTOP)
        assert finished(sandbox, deploy) == "released"
    assert load.tally.not_ok == []
    assert assert_consistent(sandbox)["release"]["version"] == app_version(1).version


@pytest.mark.slow
@pytest.mark.failure("F78")
def test_a_stage_whose_log_overflows_holds_and_ends_once_requests_are_counted_again(sandbox: Sandbox) -> None:
    with observed(sandbox, app_version(1), path=LONG) as (deploy, load):
        signal_for(sandbox, load, signal.SIGSTOP, requests=RING_BYTES // len(LONG))
        assert finished(sandbox, deploy) == "released"
    assert load.tally.not_ok == []
    assert sandbox.status()["requests_not_counted"] > 100
    assert assert_consistent(sandbox)["release"]["version"] == app_version(1).version


@pytest.mark.parametrize("ending", [signal.SIGSTOP, signal.SIGKILL], ids=["stopped", "killed"])
def test_a_worse_release_is_rolled_back_although_its_log_was_not_read_for_a_while(
    sandbox: Sandbox, ending: signal.Signals
) -> None:
    worse = replace(app_version(1), behaviour={"respond_after": 0.01, "fails": 0.3})
    with observed(sandbox, worse) as (deploy, load):
        signal_for(sandbox, load, ending)
        assert finished(sandbox, deploy) == "undone"
    assert {response.status for response in load.tally.not_ok} == {500}
    assert assert_consistent(sandbox)["release"]["version"] == app_version(0).version
