"""Log files with marks, and a follower that reads them, for the tests of logs."""

import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from mainstay.drivers.machine.logs import times
from mainstay.drivers.machine.logs.files import LoggedLine, Logs
from mainstay.drivers.machine.logs.watch import LogWatch
from mainstay.system import log_rotation


def mark(path: Path, *marks: tuple[int, int]) -> None:
    """Write the marks of a supervisor that read *path* with these sizes at these seconds."""
    times.times_of(path).parent.mkdir(exist_ok=True)
    times.times_of(path).write_bytes(b"".join(times.MARK.pack(size, at * 10**9) for size, at in marks))


def limit_logs(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(log_rotation, "MAX_BYTES", most)
    monkeypatch.setattr(log_rotation, "STEP_BYTES", most // 10)


@contextmanager
def followed(folder: Path) -> Iterator[list[LoggedLine]]:
    """The lines that are written during the block, as a follower reads them; complete once the block has ended."""
    seen: list[LoggedLine] = []
    ended, reading = threading.Event(), Logs(folder)
    assert list(reading.last(0, with_rest=False)) == []
    follower = threading.Thread(target=lambda: seen.extend(reading.follow(ended.is_set)))
    follower.start()
    try:
        yield seen
    finally:
        ended.set()
        follower.join(30)


@asynccontextmanager
async def watched(folder: Path) -> AsyncIterator[LogWatch]:
    """The supervisor's watch of the logs of the service in *folder*."""
    watch = LogWatch(folder.parent)
    watch.start()
    yield watch
    watch.close()


def wait_until(true: Callable[[], object], within: float = 20) -> None:
    end = time.monotonic() + within
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)
