"""Processes that are identified by notes: started once, never confused with others, ended with all their children."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from mainstay.system import processes
from mainstay.system.clock import SystemClock, Waiter
from mainstay.system.process_runner import End, JobEnd, Launch, ProcessRunner
from mainstay.system.processes import ProcessId
from tests.drivers.machine.machine import PATH, identities

SIGNALS_OF_THE_C_LIBRARY = 0b11 << 31
"""Signals 32 and 33, which a spawned process ignores."""


def wait_until(true: Callable[[], bool]) -> None:
    Waiter(SystemClock()).wait_until(lambda: true() or None, within=10, waiting_for="it", every=0.005)


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[ProcessRunner]:
    runner = ProcessRunner(tmp_path / "notes")
    yield runner
    for name in identities(runner):
        if process := runner.started(name):
            runner.end_all(name, process)


def launch(script: str, folder: Path, **fields: object) -> Launch:
    out = str(folder / "out")
    given: dict[str, object] = {"environment": {"PATH": PATH}}
    return Launch(("sh", "-c", script), str(folder), out, out, **(given | fields))  # type: ignore[arg-type]  # checked by name


def started(runner: ProcessRunner, name: str, request: Launch) -> ProcessId:
    process = runner.start(name, request)
    assert process is not None
    return process


def test_the_exit_is_reported_by_code_or_signal(runner: ProcessRunner, tmp_path: Path) -> None:
    ends = asyncio.run(runner.exit(started(runner, "a", launch("exit 3", tmp_path))))
    killed = asyncio.run(runner.exit(started(runner, "b", launch("kill -9 $$", tmp_path))))
    assert (ends, killed) == (End(code=3), End(signal=9))


def test_a_running_process_is_not_started_again(runner: ProcessRunner, tmp_path: Path) -> None:
    request = launch("exec sleep 60", tmp_path)
    first = started(runner, "a", request)
    wait_until(lambda: not runner.starting("a"))
    assert runner.start("a", request) == first


def test_no_process_is_started_while_another_stub_holds_the_lock(runner: ProcessRunner, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "out")
    first = started(runner, "a", launch("echo started; exec sleep 60", tmp_path))
    assert runner.starting("a")
    assert runner.start("a", launch("echo started", tmp_path)) is None
    os.kill(first.pid, signal.SIGKILL)
    asyncio.run(runner.exit(first))
    assert not runner.starting("a")


@pytest.mark.parametrize(
    "other",
    [{"boot": "an-earlier-one"}, {"started": 1}],
    ids=["of another boot", "with another start"],
)
def test_a_reused_pid_is_another_process(runner: ProcessRunner, other: dict[str, object]) -> None:
    ours = processes.find(os.getpid())
    assert ours is not None
    place = runner.place("a")
    place.mkdir(parents=True)
    for note, found in ((msgspec.to_builtins(ours), ours), (msgspec.to_builtins(ours) | other, None)):
        (place / "started").write_bytes(msgspec.json.encode(note))
        assert runner.alive("a") == found


def test_a_process_with_another_start_time_is_not_signalled(runner: ProcessRunner) -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as child:
        ours = processes.find(child.pid)
        assert ours is not None
        other = msgspec.structs.replace(ours, started=ours.started - 1)
        runner.signal(other, signal.SIGKILL)
        assert not runner.end_all("a", other)
        assert processes.is_alive(ours)
        assert runner.end_all("a", ours)


@pytest.mark.failure("F69")
def test_a_foreign_session_with_a_reused_number_is_not_ended(runner: ProcessRunner) -> None:
    script = "sleep 60 & echo $!"
    with subprocess.Popen(["sh", "-c", script], start_new_session=True, stdout=subprocess.PIPE, text=True) as leader:
        assert leader.stdout is not None
        member = processes.find(int(leader.stdout.readline()))
        leader.wait()
    assert member is not None
    before = ProcessId(
        member.boot, leader.pid, member.started - 1
    )  # The recorded process had the same pid, and ended earlier.
    assert not runner.end_all("a", before)
    assert processes.is_alive(member)
    os.kill(member.pid, signal.SIGKILL)


@pytest.mark.parametrize(
    ("script", "within_s", "code", "late"),
    [("exit 4", 60, 4, False), ("exec sleep 60", 0.2, 124, True)],
    ids=["it ends", "it is killed at its time limit"],
)
def test_a_job_records_its_exit_code_and_whether_it_was_late(
    runner: ProcessRunner, tmp_path: Path, script: str, within_s: float, code: int, late: bool
) -> None:
    process = started(runner, "a", launch(script, tmp_path, stays=True, within_s=within_s))
    asyncio.run(runner.exit(process))
    end = runner.job_end("a")
    assert isinstance(end, JobEnd)
    assert (end.code, end.late) == (code, late)


def test_a_missing_program_is_named_in_the_log(runner: ProcessRunner, tmp_path: Path) -> None:
    request = msgspec.structs.replace(
        launch("", tmp_path), command=("no-such-program",), environment={"PATH": "/usr/bin"}
    )
    end = asyncio.run(runner.exit(started(runner, "a", request)))
    assert end == End(code=127)
    assert "cannot start no-such-program" in (tmp_path / "out").read_text()


@pytest.mark.failure("F18")
@pytest.mark.threat("S36")
def test_no_descriptor_and_no_variable_is_inherited(runner: ProcessRunner, tmp_path: Path) -> None:
    leaked = os.dup(0)
    os.set_inheritable(leaked, True)
    request = launch("ls /proc/self/fd; env", tmp_path)
    asyncio.run(runner.exit(started(runner, "a", request)))
    os.close(leaked)
    names = (tmp_path / "out").read_text().split()
    # The fourth is the folder that is being listed; PWD is the shell's own.
    assert names == ["0", "1", "2", "3", f"PATH={PATH}", f"PWD={tmp_path}"]


def test_no_signal_is_blocked_or_ignored(runner: ProcessRunner, tmp_path: Path) -> None:
    asyncio.run(runner.exit(started(runner, "a", launch("cat /proc/self/status", tmp_path))))
    rows = dict(line.split(":") for line in (tmp_path / "out").read_text().splitlines())
    blocked, ignored = int(rows["SigBlk"], 16), int(rows["SigIgn"], 16)
    assert (blocked, ignored & ~SIGNALS_OF_THE_C_LIBRARY) == (0, 0)


ESCAPES = {
    "in a session of its own": "setsid sleep 60 & echo $! >> pids",
    "forked twice": "(setsid sh -c 'sleep 60 & echo $! >> pids')",
    "with an empty environment": "env -i setsid sleep 60 & echo $! >> pids",
}


@pytest.mark.failure("F69")
@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES)
def test_a_process_that_left_its_session_is_found_and_ended(runner: ProcessRunner, tmp_path: Path, escape: str) -> None:
    process = started(runner, "a", launch(f"{escape}\nsleep 0.2", tmp_path))
    asyncio.run(runner.exit(process))
    runner.end_all("a", process)
    (stray,) = (processes.find(int(pid)) for pid in (tmp_path / "pids").read_text().split())
    assert stray is not None
    assert runner.members("a", process) == ()
    runner.end_strays("a", process)
    wait_until(lambda: not processes.is_alive(stray))


def test_processes_of_another_instance_environment_or_time_are_not_ended(runner: ProcessRunner, tmp_path: Path) -> None:
    namesake = ProcessRunner(tmp_path / "another environment")
    running = [started(one, name, launch("exec sleep 60", tmp_path)) for one, name in ((runner, "b"), (namesake, "a"))]
    wait_until(lambda: not runner.starting("b") and not namesake.starting("a"))
    later = msgspec.structs.replace(running[0], started=running[0].started + 1)
    runner.end_strays("a", running[0])
    runner.end_strays("b", later)
    runner.end_strays("b", msgspec.structs.replace(running[0], boot="an earlier one"))
    assert all(processes.is_alive(one) for one in running)
    namesake.end_all("a", running[1])
