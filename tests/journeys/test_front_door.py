"""The front door is unavailable: every command names the cause, and the environment recovers without a command."""

import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from tests.drivers.edge.haproxy.http_load import free_port
from tests.journeys.command import Document
from tests.journeys.consistency import assert_consistent, wait_until_healthy
from tests.journeys.machine import SUPERVISOR, Process, wait_until
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

DETECTED_WITHIN_S = 10.0
"""An idle machine needs 3 s; the rest is for machines with other load."""


@contextmanager
def occupied(port: int) -> Iterator[str]:
    """Listen on *port* and yield the text with which Mainstay must name this process."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        wait_until(lambda: try_bind(listener, port), within=10, what=f"port {port} to become free")
        listener.listen()
        yield f"port {port} is taken by python"


def try_bind(listener: socket.socket, port: int) -> bool:
    try:
        listener.bind(("0.0.0.0", port))
    except OSError:
        return False
    return True


def haproxy(sandbox: Sandbox) -> list[Process]:
    return [process for process in sandbox.processes("haproxy") if "-W" in process.command.split()]


def send(number: signal.Signals, *processes: Process) -> None:
    for process in processes:
        os.kill(process.pid, number)


def degraded(sandbox: Sandbox) -> Document | None:
    result = sandbox.run("--output", "json", "status", code=None)
    return result.json if result.code == 1 else None


def assert_every_command_names(sandbox: Sandbox, cause: str, *, since: float) -> None:
    """Check that `status`, `up`, `deploy` and `rollback` fail fast with *cause* and start no run."""
    runs = len(sandbox.query("history"))
    wait_until(
        lambda: f"is degraded: {cause}" in sandbox.run("status", code=1).out, within=DETECTED_WITHIN_S, what=cause
    )
    assert time.monotonic() - since < DETECTED_WITHIN_S
    document = sandbox.query("status", code=1)
    assert (document["health"], document["edge_open"]) == ("degraded", False)
    assert cause in document["problems"][0]["what"]
    assert document["problems"][0]["remedy"]
    for words in (("up", "--yes"), ("deploy", "--yes"), ("rollback", "--yes")):
        started = time.monotonic()
        refused = sandbox.run(*words, code=1)
        assert cause in refused.err, refused
        assert time.monotonic() - started < DETECTED_WITHIN_S, words
    assert len(sandbox.query("history")) == runs


@pytest.mark.parametrize("http", ["auto", "fixed"])
def test_a_port_taken_while_the_environment_was_stopped_is_reported(sandbox: Sandbox, http: str) -> None:
    http_port: int | str = "auto" if http == "auto" else free_port()
    sandbox.ship(WebApp("1", http=http_port))
    sandbox.ship(WebApp("2", http=http_port))
    port = int(sandbox.url.rpartition(":")[2])
    sandbox.run("down", "--yes")
    with occupied(port) as cause:
        refused = sandbox.run("up", "--yes", code=1, within=15)
        assert cause in refused.err
        assert f"(pid {os.getpid()})" in refused.err
        sandbox.write(WebApp("3", http=http_port))
        assert_every_command_names(sandbox, cause, since=time.monotonic())
    wait_until_healthy(sandbox, within=DETECTED_WITHIN_S)
    assert sandbox.get() == (200, "version 2")
    sandbox.run("deploy", "--yes")
    assert assert_consistent(sandbox)["release"]["version"] == "3"


def test_while_the_port_is_taken_deploy_reports_it_once_status_shows_no_address_and_down_is_quick(
    sandbox: Sandbox,
) -> None:
    sandbox.ship(WebApp("1", http=free_port()))
    port = int(sandbox.url.rpartition(":")[2])
    sandbox.run("down", "--yes")
    sandbox.write(WebApp("2", http=port))
    with occupied(port) as cause:
        refused = sandbox.run("deploy", "--yes", code=1)
        assert refused.err.count(cause) == 1, refused
        assert "the services keep running, and the front door opens once the port is free" in refused.err, refused
        assert "open:" not in sandbox.run("status", code=1).out
        started = time.monotonic()
        sandbox.run("down", "--yes")
        assert time.monotonic() - started < 4


@pytest.mark.parametrize("repair", [("start",), ("up", "--yes")], ids=["start", "up"])
def test_haproxy_and_the_supervisor_are_killed_and_one_command_repairs_both(
    sandbox: Sandbox, repair: tuple[str, ...]
) -> None:
    sandbox.ship(WebApp("1"))
    url = sandbox.url
    send(signal.SIGKILL, sandbox.process(SUPERVISOR), *haproxy(sandbox))
    wait_until(lambda: not haproxy(sandbox), within=10, what="the end of HAProxy")
    first = sandbox.run("status", code=1).out.splitlines()
    assert first[0].endswith("HAProxy is not running, so no request is answered")
    assert first[1].endswith(" start")
    codes = [problem["code"] for problem in sandbox.query("status", code=1)["problems"]]
    assert codes == ["edge-stopped", "supervisor-stopped"]
    sandbox.run(*repair)
    assert sandbox.get(url=url) == (200, "version 1")
    assert_consistent(sandbox)


def test_haproxy_is_killed_and_another_program_takes_its_port(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.ship(WebApp("2"))
    supervisor, port = sandbox.process(SUPERVISOR), int(sandbox.url.rpartition(":")[2])
    send(signal.SIGSTOP, supervisor)
    send(signal.SIGKILL, *haproxy(sandbox))
    with occupied(port) as cause:
        send(signal.SIGCONT, supervisor)
        assert_every_command_names(sandbox, cause, since=time.monotonic())
    wait_until_healthy(sandbox, within=DETECTED_WITHIN_S)
    assert sandbox.get() == (200, "version 2")
    assert_consistent(sandbox)


def test_a_release_that_is_kept_after_a_rollback_does_not_hide_a_lost_front_door(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.ship(WebApp("2"))
    sandbox.run("rollback", "--yes")
    supervisor, port = sandbox.process(SUPERVISOR), int(sandbox.url.rpartition(":")[2])
    send(signal.SIGSTOP, supervisor)
    send(signal.SIGKILL, *haproxy(sandbox))
    with occupied(port) as cause:
        send(signal.SIGCONT, supervisor)
        for words in (("up", "--yes"), ("start",)):
            assert cause in sandbox.run(*words, code=1).err, words
    wait_until_healthy(sandbox, within=DETECTED_WITHIN_S)


def test_another_port_in_the_manifest_repairs_a_taken_one(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1", http=free_port()))
    port = int(sandbox.url.rpartition(":")[2])
    sandbox.run("down", "--yes")
    with occupied(port):
        sandbox.run("up", "--yes", code=1)
        sandbox.ship(WebApp("1", http="auto"))
        assert sandbox.get() == (200, "version 1")
        assert sandbox.query("status")["health"] == "healthy"


def test_a_frozen_haproxy_is_reported_and_recovers_on_sigcont(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.ship(WebApp("2"))
    sandbox.write(WebApp("3"))
    frozen = haproxy(sandbox)
    send(signal.SIGSTOP, *frozen)
    try:
        started = time.monotonic()
        status = sandbox.run("status", code=1)
        assert "does not answer" in status.out.splitlines()[0]
        assert time.monotonic() - started < DETECTED_WITHIN_S
        for words in (("up", "--yes"), ("deploy", "--yes")):
            started = time.monotonic()
            assert "does not answer" in sandbox.run(*words, code=1).err
            assert time.monotonic() - started < DETECTED_WITHIN_S, words
    finally:
        send(signal.SIGCONT, *frozen)
    wait_until_healthy(sandbox, within=10)
    assert {process.pid for process in haproxy(sandbox)} == {process.pid for process in frozen}
    assert sandbox.get() == (200, "version 2")


def test_a_haproxy_that_stays_frozen_is_replaced(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp())
    frozen = haproxy(sandbox)
    send(signal.SIGSTOP, *frozen)
    wait_until(lambda: not any(process.is_alive for process in frozen), within=25, what="the end of the frozen HAProxy")
    wait_until_healthy(sandbox, within=10)
    assert sandbox.get() == (200, "version 1")
    assert_consistent(sandbox)


def test_slots_changed_by_another_program_are_reported_and_restored(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp())
    send_to_haproxy(sandbox, "set server web/web.s1 state maint")
    status = degraded(sandbox)
    assert status is not None
    assert status["problems"][0]["code"] == "traffic-astray"
    wait_until_healthy(sandbox, within=10)
    assert sandbox.get() == (200, "version 1")


def send_to_haproxy(sandbox: Sandbox, command: str) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(str(sandbox.state / "sockets" / "haproxy.sock"))
        connection.sendall(command.encode() + b"\n")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass


def test_without_a_supervisor_the_environment_is_degraded(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp())
    sandbox.process(SUPERVISOR).kill()
    status = wait_until(lambda: degraded(sandbox), within=DETECTED_WITHIN_S, what="a degraded status")
    (problem,) = status["problems"]
    assert problem["what"] == "the supervisor is not running, so crashed instances are not restarted"
    assert problem["remedy"].endswith(" start")
    sandbox.run("up", "--yes")
    assert_consistent(sandbox)


def frozen_pids(sandbox: Sandbox) -> list[int]:
    """Return the pids that `status` reports as unresponsive."""
    first = sandbox.run("status", code=None).out.splitlines()[0]
    match = re.search(r"HAProxy \(pid ([\d, ]+)\) does not answer", first)
    return [int(pid) for pid in match[1].split(", ")] if match else []


def test_a_frozen_worker_is_named_so_that_sigcont_helps(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    pids = {process.pid for process in haproxy(sandbox)}
    workers = [process for process in haproxy(sandbox) if psutil.Process(process.pid).ppid() in pids]
    send(signal.SIGSTOP, *workers)
    reported = wait_until(lambda: frozen_pids(sandbox), within=DETECTED_WITHIN_S, what="a report of the frozen worker")
    assert reported == [process.pid for process in workers]
    for pid in reported:
        os.kill(pid, signal.SIGCONT)
    wait_until_healthy(sandbox, within=DETECTED_WITHIN_S)
    assert sandbox.get() == (200, "version 1")


def test_a_stopped_master_is_reported_while_requests_are_answered(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    pids = {process.pid for process in haproxy(sandbox)}
    (master,) = [pid for pid in pids if psutil.Process(pid).ppid() not in pids]
    os.kill(master, signal.SIGSTOP)
    try:
        cause = f"HAProxy's master (pid {master}) is stopped by a signal"
        wait_until(lambda: cause in sandbox.run("status", code=None).out, within=DETECTED_WITHIN_S, what=cause)
        assert sandbox.get() == (200, "version 1")
    finally:
        os.kill(master, signal.SIGCONT)
    wait_until_healthy(sandbox, within=DETECTED_WITHIN_S)
