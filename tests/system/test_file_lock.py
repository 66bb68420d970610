"""The lock between real processes: one holder, released when it ends, and a check that never gets in the way."""

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
def place(tmp_path: Path) -> Path:
    return tmp_path / "state" / "lock"


@pytest.fixture
def holder(place: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that holds the lock, and its child."""
    process = subprocess.Popen([sys.executable, "-c", HOLDS, str(place)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    yield process, child
    process.kill()
    process.wait()
    process.stdout.close()
    os.kill(child, signal.SIGKILL)


@pytest.fixture
def pollers(place: Path) -> Iterator[None]:
    """Two processes that check without a pause whether the lock is free."""
    children = [forked(lambda: poll(place)) for _ in range(2)]
    yield
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def poll(place: Path) -> None:
    while True:
        Lock(place).free()


def forked(act: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        act()
        os._exit(0)
    return child


def test_a_held_lock_is_refused_and_can_be_taken_after_release(place: Path) -> None:
    lock = Lock(place)
    lock.take()
    with pytest.raises(LockHeld):
        Lock(place).take()
    assert not Lock(place).free()
    lock.release()
    assert Lock(place).free()
    lock.take()
    lock.release()


def test_the_holder_that_takes_its_lock_again_is_refused_and_still_holds_it(place: Path) -> None:
    lock = Lock(place)
    lock.take()
    with pytest.raises(LockHeld):
        lock.take()
    assert not Lock(place).free()
    lock.release()
    assert Lock(place).free()


def test_releasing_a_lock_that_is_not_held_leaves_the_holder_its_lock(place: Path) -> None:
    holder = Lock(place)
    holder.take()
    Lock(place).release()
    assert not Lock(place).free()
    holder.release()


def test_checking_creates_neither_the_file_nor_its_folder(place: Path) -> None:
    assert Lock(place).free()
    assert not place.parent.exists()


@pytest.mark.failure("F16")
def test_no_take_fails_because_others_check_whether_the_lock_is_free(place: Path, pollers: None) -> None:
    lock = Lock(place)
    refused = 0
    for _ in range(3000):
        if lock_taken(lock):
            lock.release()
        else:
            refused += 1
    assert refused == 0


@pytest.mark.failure("F16")
@pytest.mark.goal("G6")
def test_a_second_process_is_refused_within_200_ms(place: Path, holder: tuple[subprocess.Popen[str], int]) -> None:
    began = time.monotonic()
    with pytest.raises(LockHeld) as refused:
        Lock(place).take()
    assert time.monotonic() - began < 0.2
    assert refused.value.exit_code == 4
    assert not Lock(place).free()


@pytest.mark.failure("F18")
@pytest.mark.failure("F16")
@pytest.mark.goal("G7")
def test_the_lock_is_free_within_a_second_when_its_holder_is_killed_and_a_child_lives_on(
    place: Path, holder: tuple[subprocess.Popen[str], int]
) -> None:
    process, child = holder
    began = time.monotonic()
    process.kill()
    process.wait()
    assert Lock(place).free()
    assert time.monotonic() - began < 1
    os.kill(child, 0)


@pytest.mark.failure("F16")
@pytest.mark.goal("G6")
def test_a_hundred_races_have_exactly_one_winner_each(tmp_path: Path) -> None:
    for race in range(100):
        assert sorted(raced(tmp_path / f"lock-{race}", runners=4)) == [0, 0, 0, 1]


def raced(place: Path, runners: int) -> list[int]:
    """How many of each runner's takes succeeded: all wait for one shot, and hold until all have tried."""
    shot, fire = os.pipe()
    tried, say = os.pipe()
    over, end = os.pipe()
    children = []
    for _ in range(runners):
        child = os.fork()
        if child == 0:
            os.close(fire)
            os.close(end)
            os.read(shot, 1)
            lock = Lock(place)
            won = lock_taken(lock)
            os.write(say, b".")
            os.read(over, 1)
            os._exit(won)
        children.append(child)
    os.close(fire)
    while runners:
        runners -= len(os.read(tried, runners))
    os.close(end)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    for pipe in (shot, tried, say, over):
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
