"""The front door is lost: every command names the cause, and the environment recovers without one."""

import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from tests.journeys.consistency import assert_consistent, healthy_status
from tests.journeys.machine import Process, until
from tests.journeys.sandbox import Document, Sandbox
from tests.journeys.web_app import WebApp

pytestmark = pytest.mark.slow
SUPERVISOR = "mainstay.drivers.machine.supervisor"
NOTICED_WITHIN_S = 10.0
"""3 s on a quiet machine; the tests also pass where other work takes the processors."""


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@contextmanager
def held(port: int) -> Iterator[str]:
    """Another program, this one, listens on *port*; gives the words that must name it."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        until(lambda: bound(other, port), within=10, what=f"port {port}")
        other.listen()
        yield f"port {port} is taken by python"


def bound(other: socket.socket, port: int) -> bool:
    try:
        other.bind(("0.0.0.0", port))
    except OSError:
        return False
    return True


def haproxy(sandbox: Sandbox) -> list[Process]:
    return [one for one in sandbox.processes() if "haproxy" in one.command and "-W" in one.command.split()]


def send(number: signal.Signals, *processes: Process) -> None:
    for one in processes:
        os.kill(one.pid, number)


def degraded(sandbox: Sandbox) -> Document | None:
    result = sandbox.run("--output", "json", "status", code=None)
    return result.json if result.code == 1 else None


def assert_every_command_names(sandbox: Sandbox, cause: str, *, since: float) -> None:
    """`status`, `up`, `deploy` and `rollback` fail with *cause*, begin no run, and the first three are quick."""
    runs = len(sandbox.query("history"))
    until(lambda: f"is degraded: {cause}" in sandbox.run("status", code=1).out, within=NOTICED_WITHIN_S, what=cause)
    assert time.monotonic() - since < NOTICED_WITHIN_S
    document = sandbox.query("status", code=1)
    assert (document["health"], document["edge_open"]) == ("degraded", False)
    assert cause in document["problems"][0]["what"]
    assert document["problems"][0]["remedy"]
    for words in (("up", "--yes"), ("deploy", "--yes"), ("rollback", "--yes")):
        began = time.monotonic()
        refused = sandbox.run(*words, code=1)
        assert cause in refused.err, refused
        assert time.monotonic() - began < NOTICED_WITHIN_S, words
    assert len(sandbox.query("history")) == runs


@pytest.mark.parametrize("http", ["auto", "named"])
def test_a_port_taken_while_the_environment_was_stopped_is_reported(sandbox: Sandbox, http: str) -> None:
    door: int | str = "auto" if http == "auto" else free_port()
    sandbox.ship(WebApp("1", http=door))
    sandbox.ship(WebApp("2", http=door))
    port = int(sandbox.url.rpartition(":")[2])
    sandbox.run("down", "--yes")
    with held(port) as cause:
        refused = sandbox.run("up", "--yes", code=1, within=15)
        assert cause in refused.err
        assert f"(pid {os.getpid()})" in refused.err
        sandbox.write(WebApp("3", http=door))
        assert_every_command_names(sandbox, cause, since=time.monotonic())
    until(lambda: healthy_status(sandbox), within=NOTICED_WITHIN_S, what="a healthy status without a command")
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
    with held(port) as cause:
        refused = sandbox.run("deploy", "--yes", code=1)
        assert refused.err.count(cause) == 1, refused
        assert "the services run meanwhile, and the front door opens by itself" in refused.err, refused
        assert "open:" not in sandbox.run("status", code=1).out
        began = time.monotonic()
        sandbox.run("down", "--yes")
        assert time.monotonic() - began < 4


def test_haproxy_and_the_supervisor_are_killed_and_start_repairs_both(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    send(signal.SIGKILL, sandbox.process(SUPERVISOR), *haproxy(sandbox))
    first = sandbox.run("status", code=1).out.splitlines()
    assert first[0].endswith("HAProxy is not running, so no request is answered")
    assert first[1].endswith(" start")
    sandbox.run("start")
    assert_consistent(sandbox)


def test_haproxy_is_killed_and_another_program_takes_its_port(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.ship(WebApp("2"))
    supervisor, port = sandbox.process(SUPERVISOR), int(sandbox.url.rpartition(":")[2])
    send(signal.SIGSTOP, supervisor)
    send(signal.SIGKILL, *haproxy(sandbox))
    with held(port) as cause:
        send(signal.SIGCONT, supervisor)
        assert_every_command_names(sandbox, cause, since=time.monotonic())
    until(lambda: healthy_status(sandbox), within=NOTICED_WITHIN_S, what="a healthy status without a command")
    assert sandbox.get() == (200, "version 2")
    assert_consistent(sandbox)


def test_a_release_that_is_kept_after_a_rollback_does_not_hide_a_lost_front_door(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.ship(WebApp("2"))
    sandbox.run("rollback", "--yes")
    supervisor, port = sandbox.process(SUPERVISOR), int(sandbox.url.rpartition(":")[2])
    send(signal.SIGSTOP, supervisor)
    send(signal.SIGKILL, *haproxy(sandbox))
    with held(port) as cause:
        send(signal.SIGCONT, supervisor)
        for words in (("up", "--yes"), ("start",)):
            assert cause in sandbox.run(*words, code=1).err, words
    until(lambda: healthy_status(sandbox), within=NOTICED_WITHIN_S, what="a healthy status without a command")


def test_another_port_in_the_manifest_repairs_a_taken_one(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1", http=free_port()))
    port = int(sandbox.url.rpartition(":")[2])
    sandbox.run("down", "--yes")
    with held(port):
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
        began = time.monotonic()
        status = sandbox.run("status", code=1)
        assert "does not answer" in status.out.splitlines()[0]
        assert time.monotonic() - began < NOTICED_WITHIN_S
        for words in (("up", "--yes"), ("deploy", "--yes")):
            began = time.monotonic()
            assert "does not answer" in sandbox.run(*words, code=1).err
            assert time.monotonic() - began < NOTICED_WITHIN_S, words
    finally:
        send(signal.SIGCONT, *frozen)
    until(lambda: healthy_status(sandbox), within=10, what="a healthy status without a command")
    assert {one.pid for one in haproxy(sandbox)} == {one.pid for one in frozen}
    assert sandbox.get() == (200, "version 2")


def test_a_haproxy_that_stays_frozen_is_replaced(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp())
    frozen = haproxy(sandbox)
    send(signal.SIGSTOP, *frozen)
    until(lambda: not any(one.is_alive for one in frozen), within=25, what="the end of the frozen HAProxy")
    until(lambda: healthy_status(sandbox), within=10, what="a healthy status without a command")
    assert sandbox.get() == (200, "version 1")
    assert_consistent(sandbox)


def test_slots_changed_by_another_program_are_reported_and_restored(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp())
    tell_haproxy(sandbox, "set server web/web.s1 state maint")
    status = degraded(sandbox)
    assert status is not None
    assert status["problems"][0]["code"] == "traffic-astray"
    until(lambda: healthy_status(sandbox), within=10, what="a healthy status without a command")
    assert sandbox.get() == (200, "version 1")


def tell_haproxy(sandbox: Sandbox, command: str) -> None:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(5)
        line.connect(str(sandbox.state / "sockets" / "haproxy.sock"))
        line.sendall(command.encode() + b"\n")
        line.shutdown(socket.SHUT_WR)
        while line.recv(4096):
            pass


def test_without_a_supervisor_the_environment_is_degraded(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp())
    sandbox.process(SUPERVISOR).end()
    status = until(lambda: degraded(sandbox), within=NOTICED_WITHIN_S, what="a degraded status")
    (problem,) = status["problems"]
    assert problem["what"] == "the supervisor is not running, so crashed instances are not restarted"
    assert problem["remedy"].endswith(" start")
    sandbox.run("up", "--yes")
    assert_consistent(sandbox)


def test_without_a_supervisor_a_dead_haproxy_is_the_first_problem(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp())
    sandbox.process(SUPERVISOR).end()
    send(signal.SIGKILL, *haproxy(sandbox))
    until(lambda: not haproxy(sandbox), within=10, what="the end of HAProxy")
    codes = [problem["code"] for problem in sandbox.query("status", code=1)["problems"]]
    assert codes == ["edge-stopped", "supervisor-stopped"]
    sandbox.run("up", "--yes")
    assert_consistent(sandbox)


def test_a_stopped_environment_is_not_degraded(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp())
    sandbox.run("down", "--yes")
    document = sandbox.query("status")
    assert (document["health"], document["problems"]) == ("stopped", [])
    assert "is stopped" in sandbox.run("status").out.splitlines()[0]


def frozen_pids(sandbox: Sandbox) -> list[int]:
    """The processes that `status` says do not answer."""
    first = sandbox.run("status", code=None).out.splitlines()[0]
    named = re.search(r"HAProxy \(pid ([\d, ]+)\) does not answer", first)
    return [int(pid) for pid in named[1].split(", ")] if named else []


def test_a_frozen_worker_is_named_so_that_sigcont_helps(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    ours = {one.pid for one in haproxy(sandbox)}
    workers = [one for one in haproxy(sandbox) if psutil.Process(one.pid).ppid() in ours]
    send(signal.SIGSTOP, *workers)
    pids = until(lambda: frozen_pids(sandbox), within=NOTICED_WITHIN_S, what="a frozen worker")
    assert pids == [one.pid for one in workers]
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    until(lambda: healthy_status(sandbox), within=NOTICED_WITHIN_S, what="a healthy status")
    assert sandbox.get() == (200, "version 1")


def test_a_stopped_master_is_reported_while_requests_are_answered(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    ours = {one.pid for one in haproxy(sandbox)}
    (master,) = [pid for pid in ours if psutil.Process(pid).ppid() not in ours]
    os.kill(master, signal.SIGSTOP)
    try:
        cause = f"HAProxy's master (pid {master}) is stopped by a signal"
        until(lambda: cause in sandbox.run("status", code=None).out, within=NOTICED_WITHIN_S, what=cause)
        assert sandbox.get() == (200, "version 1")
    finally:
        os.kill(master, signal.SIGCONT)
    until(lambda: healthy_status(sandbox), within=NOTICED_WITHIN_S, what="a healthy status")
