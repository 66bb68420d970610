"""The lock, between real processes: one winner, and free the moment its holder is gone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstay.errors import LockHeld
from mainstay.lock import Lock

HOLDS = """
import subprocess, sys, time
from pathlib import Path
from mainstay.lock import Lock
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


def test_who_holds_it_keeps_others_out(place: Path) -> None:
    with Lock(place), pytest.raises(LockHeld):
        Lock(place).take()
    assert Lock(place).free()


def test_letting_go_of_what_is_not_held_is_no_error(place: Path) -> None:
    Lock(place).release()


@pytest.mark.failure("F16")
@pytest.mark.goal("G6")
def test_the_second_is_told_at_once(place: Path, holder: tuple[subprocess.Popen[str], int]) -> None:
    began = time.monotonic()
    with pytest.raises(LockHeld) as told:
        Lock(place).take()
    assert time.monotonic() - began < 0.2
    assert told.value.exit_code == 4
    assert not Lock(place).free()


@pytest.mark.failure("F18")
@pytest.mark.failure("F16")
@pytest.mark.goal("G7")
def test_it_is_free_when_its_holder_is_killed_although_a_child_lives(
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
