"""Child processes of the command line: limited, without a shell, and ended with their parent."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from mainstay.errors import Unreachable
from mainstay.system.clock import SystemClock, Waiter
from mainstay.system.command import MAX_OUTPUT_BYTES, Shell

shell = Shell()
waiter = Waiter(SystemClock())


def has_ended(pid: int) -> bool:
    """Return whether the process has ended, even if its new parent has not reaped it yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_the_result_has_output_and_exit_code() -> None:
    result = shell([sys.executable, "-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"])
    assert (result.code, result.out, result.err) == (3, "out\n", "err\n")


def test_standard_input_reaches_the_child() -> None:
    assert shell(["cat"], stdin="hello").out == "hello"


@pytest.mark.threat("S14")
def test_no_argument_is_interpreted_by_a_shell() -> None:
    assert shell(["echo", "$HOME; id"]).out == "$HOME; id\n"


def test_a_missing_program_ends_with_127() -> None:
    result = shell(["/nowhere/program"])
    assert result.code == 127
    assert "/nowhere/program" in result.err


@pytest.mark.failure("F79")
def test_excessive_output_is_cut() -> None:
    result = shell([sys.executable, "-c", f"print('x' * {MAX_OUTPUT_BYTES * 2})"])
    assert result.cut
    assert len(result.out) == MAX_OUTPUT_BYTES


@pytest.mark.failure("F95")
def test_a_hanging_child_is_ended_with_its_own_children(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    program = (
        f"import subprocess; p = subprocess.Popen(['sleep', '60'])\n"
        f"open({str(note)!r}, 'w').write(f'{{p.pid}}'); p.wait()"
    )
    with pytest.raises(Unreachable, match="did not finish within 1 s"):
        shell([sys.executable, "-c", program], within=1.0)
    waiter.wait_until(lambda: has_ended(int(note.read_text())), within=2, waiting_for="the grandchild's end")


@pytest.mark.failure("F19")
def test_a_child_does_not_outlive_its_parent_after_sigkill(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    inner = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"from mainstay.system.command import Shell; Shell()([{sys.executable!r}, '-c', {inner!r}])",
        ]
    )
    child = waiter.wait_until(lambda: note.read_text() if note.exists() else None, within=10, waiting_for="the child")
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    waiter.wait_until(lambda: has_ended(int(child)), within=1, waiting_for="the child's end")


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
    alive = not has_ended(child)
    if alive:
        os.kill(child, signal.SIGKILL)
    assert not alive
    assert guard.returncode == 128 + signal.SIGKILL


def test_processes_left_in_the_group_of_a_child_are_ended(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    shell(["sh", "-c", f"sleep 60 & echo $! > {note}"])
    waiter.wait_until(lambda: has_ended(int(note.read_text())), within=2, waiting_for="the grandchild's end")


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_as_root_a_child_may_run_as_another_user() -> None:
    assert shell(["id", "-un"], user="nobody").out == "nobody\n"


def test_system_programs_are_found_without_their_folders_in_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert shell(["useradd", "--help"]).code == 0
