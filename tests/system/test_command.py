"""Children of the command line: bounded, without a shell, and gone when we are."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from mainstay.errors import Unreachable
from mainstay.system.clock import SystemClock, Waiter
from mainstay.system.command import LARGEST_OUTPUT_BYTES, GuardedShell

shell = GuardedShell()
waiter = Waiter(SystemClock())


def gone(pid: int) -> bool:
    """Ended; whoever adopted it may not have reaped it yet."""
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_it_says_what_the_child_said_and_how_it_ended() -> None:
    said = shell([sys.executable, "-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"])
    assert (said.code, said.out, said.err) == (3, "out\n", "err\n")


def test_standard_input_reaches_the_child() -> None:
    assert shell(["cat"], stdin="hello").out == "hello"


@pytest.mark.threat("S14")
def test_nothing_is_a_shell_string() -> None:
    assert shell(["echo", "$HOME; id"]).out == "$HOME; id\n"


def test_a_program_that_is_not_there_ends_with_127() -> None:
    said = shell(["/nowhere/program"])
    assert said.code == 127
    assert "/nowhere/program" in said.err


@pytest.mark.failure("F79")
def test_a_flood_is_cut() -> None:
    said = shell([sys.executable, "-c", f"print('x' * {LARGEST_OUTPUT_BYTES * 2})"])
    assert said.cut
    assert len(said.out) == LARGEST_OUTPUT_BYTES


@pytest.mark.failure("F95")
def test_a_child_that_hangs_is_ended_with_all_it_started(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    program = (
        f"import subprocess; p = subprocess.Popen(['sleep', '60'])\n"
        f"open({str(note)!r}, 'w').write(f'{{p.pid}}'); p.wait()"
    )
    with pytest.raises(Unreachable, match="not done within"):
        shell([sys.executable, "-c", program], within=1.0)
    waiter.wait_until(lambda: gone(int(note.read_text())), within=2, waiting_for="the grandchild's end")


@pytest.mark.failure("F19")
def test_a_child_does_not_outlive_us_even_after_sigkill(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    inner = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    ours = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"from mainstay.system.command import GuardedShell; GuardedShell()([{sys.executable!r}, '-c', {inner!r}])",
        ]
    )
    child = waiter.wait_until(lambda: note.read_text() if note.exists() else None, within=10, waiting_for="the child")
    ours.send_signal(signal.SIGKILL)
    ours.wait()
    waiter.wait_until(lambda: gone(int(child)), within=1, waiting_for="the child's end")


TERMINATED_AT_THE_FORK = """
import os, signal, sys
from mainstay.system import exec_guard as guard
fork = os.fork
def fork_then_terminate():
    child = fork()
    if child:
        print(child, flush=True)
        os.kill(os.getpid(), signal.SIGTERM)
    return child
os.fork = fork_then_terminate
sys.exit(guard.main([str(os.getppid()), "-", "-", "-", "--", "sleep", "60"]))
"""


@pytest.mark.failure("F19")
def test_a_guard_that_is_terminated_right_after_the_fork_ends_its_child() -> None:
    command = [sys.executable, "-c", TERMINATED_AT_THE_FORK]
    guard = subprocess.run(command, check=False, stdout=subprocess.PIPE, timeout=30)
    child = int(guard.stdout)
    alive = not gone(child)
    if alive:
        os.kill(child, signal.SIGKILL)
    assert not alive
    assert guard.returncode == 128 + signal.SIGKILL


def test_what_a_child_left_in_its_group_is_ended_with_it(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    shell(["sh", "-c", f"sleep 60 & echo $! > {note}"])
    waiter.wait_until(lambda: gone(int(note.read_text())), within=2, waiting_for="the grandchild's end")


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_as_root_a_child_may_run_as_another_user() -> None:
    assert shell(["id", "-un"], user="nobody").out == "nobody\n"


def test_programs_of_the_system_are_found_from_a_shell_that_lacks_their_folders(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert shell(["useradd", "--help"]).code == 0
