"""The lock between real processes: one holder, released when it ends, and not disturbed by checks."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mainstay.errors import LockHeld
from mainstay.system.file_lock import Lock, try_lock

HOLDS = """
import subprocess, sys, time
from pathlib import Path
from mainstay.system.file_lock import Lock
Lock(Path(sys.argv[1])).take()
child = subprocess.Popen(["sleep", "60"], close_fds=False)
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "lock"


@pytest.fixture
def holder(path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that holds the lock, and the pid of its child."""
    process = subprocess.Popen([sys.executable, "-c", HOLDS, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    yield process, child
    process.kill()
    process.wait()
    process.stdout.close()
    os.kill(child, signal.SIGKILL)


@pytest.fixture
def pollers(path: Path) -> Iterator[None]:
    """Two processes that check without a pause whether the lock is free."""
    children = [fork(lambda: check_forever(path)) for _ in range(2)]
    yield
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def check_forever(path: Path) -> None:
    while True:
        Lock(path).is_free()


def fork(action: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        action()
        os._exit(0)
    return child


@pytest.mark.parametrize("again", [True, False], ids=["the holder again", "another"])
def test_a_held_lock_is_refused_and_can_be_taken_after_release(path: Path, again: bool) -> None:
    lock = Lock(path)
    lock.take()
    with pytest.raises(LockHeld):
        (lock if again else Lock(path)).take()
    assert not Lock(path).is_free()
    lock.release()
    assert Lock(path).is_free()
    lock.take()
    lock.release()


def test_releasing_a_lock_that_is_not_held_leaves_the_holder_its_lock(path: Path) -> None:
    holder = Lock(path)
    holder.take()
    Lock(path).release()
    assert not Lock(path).is_free()
    holder.release()


def test_checking_creates_neither_the_file_nor_its_folder(path: Path) -> None:
    assert Lock(path).is_free()
    assert not path.parent.exists()


@pytest.mark.failure("F16")
def test_checks_by_other_processes_never_make_a_take_fail(path: Path, pollers: None) -> None:
    lock = Lock(path)
    refused = 0
    for _ in range(3000):
        if lock_taken(lock):
            lock.release()
        else:
            refused += 1
    assert refused == 0


@pytest.mark.failure("F16")
@pytest.mark.goal("G6")
def test_a_second_process_is_refused_within_200_ms(path: Path, holder: tuple[subprocess.Popen[str], int]) -> None:
    start = time.monotonic()
    with pytest.raises(LockHeld) as refused:
        Lock(path).take()
    assert time.monotonic() - start < 0.2
    assert refused.value.exit_code == 4
    assert not Lock(path).is_free()


@pytest.mark.failure("F18")
@pytest.mark.failure("F16")
@pytest.mark.goal("G7")
def test_the_lock_of_a_killed_holder_is_free_within_a_second_even_if_its_child_runs(
    path: Path, holder: tuple[subprocess.Popen[str], int]
) -> None:
    process, child = holder
    start = time.monotonic()
    process.kill()
    process.wait()
    assert Lock(path).is_free()
    assert time.monotonic() - start < 1
    os.kill(child, 0)


@pytest.mark.failure("F16")
@pytest.mark.goal("G6")
@pytest.mark.slow
def test_exactly_one_of_several_processes_takes_the_lock(tmp_path: Path) -> None:
    for race in range(100):
        assert sorted(race_for(tmp_path / f"lock-{race}", runners=4)) == [0, 0, 0, 1]


def race_for(path: Path, runners: int) -> list[int]:
    """Let *runners* processes take the lock at the same time; return 1 for each that succeeded, else 0."""
    start, start_writer = os.pipe()
    tried, tried_writer = os.pipe()
    ended, ended_writer = os.pipe()
    children = []
    for _ in range(runners):
        child = os.fork()
        if child == 0:
            os.close(start_writer)
            os.close(ended_writer)
            os.read(start, 1)
            lock = Lock(path)
            won = lock_taken(lock)
            os.write(tried_writer, b".")
            os.read(ended, 1)
            os._exit(won)
        children.append(child)
    os.close(start_writer)
    while runners:
        runners -= len(os.read(tried, runners))
    os.close(ended_writer)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    for pipe in (start, tried, tried_writer, ended):
        os.close(pipe)
    return codes


def lock_taken(lock: Lock) -> int:
    try:
        lock.take()
    except LockHeld:
        return 0
    return 1


def test_a_lock_that_the_kernel_refuses_is_an_error_and_leaves_no_descriptor_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> int:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "fcntl", refused)
    before = os.listdir("/proc/self/fd")
    with pytest.raises(OSError, match="No locks available"):
        try_lock(tmp_path / "lock")
    assert os.listdir("/proc/self/fd") == before
