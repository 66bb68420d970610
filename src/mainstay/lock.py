"""The lock of an environment: one process acts at a time; it is free the moment its holder is gone."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from mainstay.errors import LockHeld


class Lock:
    """Held until it is let go or this process ends, however it ends; children do not inherit it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def take(self) -> Self:
        """Hold it. Raises LockHeld at once when another process does; who that is, the journal's owner tells."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            os.close(file)
            raise LockHeld("another run holds the lock", remedy="mainstay status") from held
        self._file = file
        return self

    def release(self) -> None:
        """Let it go; nothing where it is not held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def free(self) -> bool:
        """Whether nobody holds it now."""
        try:
            Lock(self._path).take().release()
        except LockHeld:
            return False
        return True

    def __enter__(self) -> Self:
        return self.take()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
