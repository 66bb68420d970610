"""Watch the logs of services: mark the time at which a log has grown, and keep each log within its size limit."""

import asyncio
import fcntl
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

from mainstay.drivers.machine.logs.times import MARK, add_mark, drop_torn, last_marked, marks_below, open_marks
from mainstay.system import linux_calls, log_rotation

log = logging.getLogger(__name__)

PAUSE_S = 0.001
"""Seconds between two passes over the logs that have grown."""
MANY_LOOKS = 250
"""After this many passes in one second the pause is LONG_PAUSE_S, so that constant writing does not keep the
supervisor busy."""
LONG_PAUSE_S = 0.008
_NEW_FILE = linux_calls.IN_CREATE | linux_calls.IN_MOVED_TO | linux_calls.IN_ONLYDIR
_CLOCK_REALTIME_COARSE = 5
_COARSE_NS = round(time.clock_getres(_CLOCK_REALTIME_COARSE) * 1e9)
"""Resolution, in nanoseconds, of the clock from which the kernel takes the time of a change of a file."""
_PAGE = 4096


class LogWatch:
    """Watches the logs below *folder*, which has one folder for each service."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._inotify: int | None = None
        self._logs: dict[Path, _Log] = {}
        self._watched: dict[int, Path] = {}
        self._looks = 0
        self._second = 0.0
        self._next: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Start watching. Lines written while no supervisor ran get the time of the last change of their file."""
        try:
            self._inotify = linux_calls.inotify()
            self._look_at_all()
            self._listen()
        except OSError as error:
            log.warning("logs cannot be watched, so the times of their lines are exact to a second only: %s", error)
            self._stop_listening()

    def tick(self) -> None:
        """Trim the supervisor's log; without inotify, also mark and trim all other logs. Called each second."""
        for path in self._folder.glob("*.log"):
            log_rotation.trim(path)
        if self._inotify is None:
            self._look_at_all()

    def close(self) -> None:
        """Mark what was written so far, and stop watching."""
        try:
            self._look_at_all()
        except OSError as error:
            log.error("the times of the last lines could not be kept: %s", error)
        self._stop_listening()
        for each in self._logs.values():
            each.close()
        self._logs.clear()

    def _listen(self) -> None:
        if self._inotify is not None:
            asyncio.get_running_loop().add_reader(self._inotify, self._read_events)

    def _stop_listening(self) -> None:
        if self._next is not None:
            self._next.cancel()
        if self._inotify is not None:
            asyncio.get_running_loop().remove_reader(self._inotify)
            os.close(self._inotify)
            self._inotify = None

    def _read_events(self) -> None:
        """Mark the logs that have grown, then pause; events that arrive in the pause are handled together after it."""
        assert self._inotify is not None
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._inotify)
        try:
            self._handle(list(linux_calls.events(self._inotify)))
        except OSError as error:
            log.error("the times of new lines could not be kept, or a log could not be cut: %s", error)
        self._next = loop.call_later(self._pause(), self._listen)

    def _handle(self, events: list[linux_calls.Event]) -> None:
        for number in {event.watch for event in events if event.mask & linux_calls.IN_IGNORED}:
            if (gone := self._logs.pop(self._watched.pop(number, Path()), None)) is not None:
                gone.close()
        for number in {event.watch for event in events if event.mask & linux_calls.IN_MODIFY}:
            if (grown := self._logs.get(self._watched.get(number, Path()))) is not None:
                grown.look()
        if any(event.name or event.mask & linux_calls.IN_Q_OVERFLOW for event in events):
            self._look_at_all()

    def _pause(self) -> float:
        now = time.monotonic()
        if now - self._second > 1:
            self._second, self._looks = now, 0
        self._looks += 1
        return LONG_PAUSE_S if self._looks > MANY_LOOKS else PAUSE_S

    def _look_at_all(self) -> None:
        self._watch(self._folder, _NEW_FILE)
        for folder in _children(self._folder):
            if folder.is_dir():
                self._watch(folder, _NEW_FILE)
        for path in (path for stream in ("out", "err") for path in self._folder.glob(f"*/*.{stream}")):
            if path not in self._logs:
                self._watched[self._watch(path, linux_calls.IN_MODIFY)] = path
                self._logs[path] = _Log(path)
            self._logs[path].look()

    def _watch(self, path: Path, mask: int) -> int:
        if self._inotify is None:
            return -1
        return linux_calls.watch(self._inotify, str(path), mask | linux_calls.IN_DONT_FOLLOW)


class _Log:
    """One log of a service, with its file of marks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._marks = open_marks(path)
        self._locked = False
        self._size = 0
        self._begin = 0

    def look(self) -> None:
        """Mark the log if its size has changed, and free its oldest bytes if it is over the limit."""
        try:
            found = os.stat(self._path, follow_symlinks=False)
        except FileNotFoundError:
            return
        if self._locked or self._lock():
            self._mark(found)
        if found.st_size - self._begin > log_rotation.MAX_BYTES:
            self._cut()

    def _lock(self) -> bool:
        """Take the lock of the marks; return False while another process, which may be suspended, holds it."""
        try:
            fcntl.flock(self._marks, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self._locked = True
        drop_torn(self._marks)
        self._size = last_marked(self._marks)
        return True

    def _mark(self, found: os.stat_result) -> None:
        if found.st_size < self._size:
            os.ftruncate(self._marks, 0)
            self._size = 0
        if found.st_size != self._size:
            add_mark(self._marks, found.st_size, min(time.time_ns(), found.st_mtime_ns + 2 * _COARSE_NS))
            self._size = found.st_size

    def close(self) -> None:
        os.close(self._marks)

    def _cut(self) -> None:
        self._begin = log_rotation.trim(self._path)
        if not self._locked:
            return
        gone = marks_below(self._marks, self._begin) * MARK.size // _PAGE * _PAGE
        if gone and self._begin:
            linux_calls.punch_hole(self._marks, gone)


def _children(folder: Path) -> Iterator[Path]:
    return folder.iterdir() if folder.is_dir() else iter(())
