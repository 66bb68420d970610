"""Processes known by their notes: never started twice, never mistaken for a stranger, ended with all they left."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from mainstay.system import processes as machine
from mainstay.system.clock import SystemClock, Waiter
from mainstay.system.process_runner import End, JobEnd, Launch, ProcessRunner
from mainstay.system.processes import Started
from tests.drivers.machine.machine import PATH, identities

LIBRARYS_OWN = 0b11 << 31
"""Signals 32 and 33 are the C library's; a process that was spawned ignores them."""


def until(seen: Callable[[], bool]) -> None:
    Waiter(SystemClock()).wait_until(lambda: seen() or None, within=10, waiting_for="it", every=0.005)


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


def started(runner: ProcessRunner, name: str, told: Launch) -> Started:
    process = runner.start(name, told)
    assert process is not None
    return process


def test_the_exit_is_reported_by_code_or_signal(runner: ProcessRunner, tmp_path: Path) -> None:
    ends = asyncio.run(runner.exit(started(runner, "a", launch("exit 3", tmp_path))))
    killed = asyncio.run(runner.exit(started(runner, "b", launch("kill -9 $$", tmp_path))))
    assert (ends, killed) == (End(code=3), End(signal=9))


def test_starting_a_running_process_starts_nothing(runner: ProcessRunner, tmp_path: Path) -> None:
    told = launch("exec sleep 60", tmp_path)
    first = started(runner, "a", told)
    until(lambda: not runner.starting("a"))
    assert runner.start("a", told) == first


def test_no_process_is_started_while_another_stub_holds_the_lock(runner: ProcessRunner, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "out")
    first = started(runner, "a", launch("echo begun; exec sleep 60", tmp_path))
    assert runner.starting("a")
    assert runner.start("a", launch("echo begun", tmp_path)) is None
    os.kill(first.pid, signal.SIGKILL)
    asyncio.run(runner.exit(first))
    assert not runner.starting("a")


@pytest.mark.parametrize(
    "stranger",
    [{"boot": "an-earlier-one"}, {"started": 1}],
    ids=["of another boot", "with another start"],
)
def test_a_reused_pid_is_another_process(runner: ProcessRunner, stranger: dict[str, object]) -> None:
    ours = machine.started(os.getpid())
    assert ours is not None
    place = runner.place("a")
    place.mkdir(parents=True)
    for told, found in ((msgspec.to_builtins(ours), ours), (msgspec.to_builtins(ours) | stranger, None)):
        (place / "started").write_bytes(msgspec.json.encode(told))
        assert runner.alive("a") == found


def test_a_process_with_another_start_time_is_not_signalled(runner: ProcessRunner) -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as child:
        ours = machine.started(child.pid)
        assert ours is not None
        stranger = msgspec.structs.replace(ours, started=ours.started - 1)
        runner.signal(stranger, signal.SIGKILL)
        assert not runner.end_all("a", stranger)
        assert machine.is_alive(ours)
        assert runner.end_all("a", ours)


@pytest.mark.failure("F69")
def test_a_foreign_session_with_a_reused_number_is_not_ended(runner: ProcessRunner) -> None:
    script = "sleep 60 & echo $!"
    with subprocess.Popen(["sh", "-c", script], start_new_session=True, stdout=subprocess.PIPE, text=True) as leader:
        assert leader.stdout is not None
        member = machine.started(int(leader.stdout.readline()))
        leader.wait()
    assert member is not None
    before = Started(member.boot, leader.pid, member.started - 1)  # Ours had the same pid, and ended earlier.
    assert not runner.end_all("a", before)
    assert machine.is_alive(member)
    os.kill(member.pid, signal.SIGKILL)


def test_a_job_records_its_exit_code(runner: ProcessRunner, tmp_path: Path) -> None:
    process = started(runner, "a", launch("exit 4", tmp_path, stays=True, within_s=60))
    asyncio.run(runner.exit(process))
    end = runner.job_end("a")
    assert end is not None
    assert (end.code, end.late) == (4, False)


def test_a_job_that_takes_too_long_is_killed_and_marked_as_late(runner: ProcessRunner, tmp_path: Path) -> None:
    process = started(runner, "a", launch("exec sleep 60", tmp_path, stays=True, within_s=0.2))
    asyncio.run(runner.exit(process))
    end = runner.job_end("a")
    assert isinstance(end, JobEnd)
    assert (end.code, end.late) == (124, True)


def test_a_missing_program_is_named_in_the_log(runner: ProcessRunner, tmp_path: Path) -> None:
    told = msgspec.structs.replace(launch("", tmp_path), command=("no-such-program",), environment={"PATH": "/usr/bin"})
    end = asyncio.run(runner.exit(started(runner, "a", told)))
    assert end == End(code=127)
    assert "cannot start no-such-program" in (tmp_path / "out").read_text()


@pytest.mark.failure("F18")
@pytest.mark.threat("S36")
def test_no_descriptor_and_no_variable_is_inherited(runner: ProcessRunner, tmp_path: Path) -> None:
    leaked = os.dup(0)
    os.set_inheritable(leaked, True)
    told = launch("ls /proc/self/fd; env", tmp_path)
    asyncio.run(runner.exit(started(runner, "a", told)))
    os.close(leaked)
    names = (tmp_path / "out").read_text().split()
    # The fourth is the folder that is being listed; PWD is the shell's own.
    assert names == ["0", "1", "2", "3", f"PATH={PATH}", f"PWD={tmp_path}"]


def test_signals_are_as_a_fresh_process_has_them(runner: ProcessRunner, tmp_path: Path) -> None:
    asyncio.run(runner.exit(started(runner, "a", launch("cat /proc/self/status", tmp_path))))
    rows = dict(line.split(":") for line in (tmp_path / "out").read_text().splitlines())
    blocked, ignored = int(rows["SigBlk"], 16), int(rows["SigIgn"], 16)
    assert (blocked, ignored & ~LIBRARYS_OWN) == (0, 0)


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
    (stray,) = (machine.started(int(pid)) for pid in (tmp_path / "pids").read_text().split())
    assert stray is not None
    assert runner.members("a", process) == ()
    runner.end_strays("a", process)
    until(lambda: not machine.is_alive(stray))


def test_strays_of_another_instance_environment_or_time_are_not_touched(runner: ProcessRunner, tmp_path: Path) -> None:
    namesake = ProcessRunner(tmp_path / "another environment")
    processes = [
        started(one, name, launch("exec sleep 60", tmp_path)) for one, name in ((runner, "b"), (namesake, "a"))
    ]
    until(lambda: not runner.starting("b") and not namesake.starting("a"))
    later = msgspec.structs.replace(processes[0], started=processes[0].started + 1)
    runner.end_strays("a", processes[0])
    runner.end_strays("b", later)
    runner.end_strays("b", msgspec.structs.replace(processes[0], boot="an earlier one"))
    assert all(machine.is_alive(one) for one in processes)
    namesake.end_all("a", processes[1])
