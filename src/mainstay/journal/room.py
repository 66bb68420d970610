"""Room for rows: SQLite's log beside the journal is made longer before a row needs it.

A row that makes a file longer waits for its new length as well, a third of its time. Behind the last row lie zeros,
which SQLite takes for the end of its log, as it does with what an earlier round left there.
"""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

ROOM_BYTES = 1 << 20


class Room:
    """What is free at the end of the log of the journal at *path*. Where no room can be had, rows are only slower."""

    def __init__(self, database: sqlite3.Connection, path: Path) -> None:
        self._database = database
        self._log = path.with_name(f"{path.name}-wal")
        self._reach = 0

    def keep(self) -> None:
        """Make room once a row has used up what there was, or somebody has cut it off."""
        with suppress(OSError, sqlite3.OperationalError):
            if self._log.stat().st_size != self._reach:
                self._extend()

    def _extend(self) -> None:
        # Under the writer's lock: somebody who asks for an abort writes to the log as well.
        self._database.execute("begin immediate")
        try:
            self._reach = _longer(self._log)
        finally:
            self._database.execute("commit")


def _longer(log: Path) -> int:
    """How long *log* is now, with room at its end or, where the disk has none, as it was."""
    with log.open("r+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        try:
            # Zeros, not a hole: a hole would have to be found a place for when the row comes.
            file.write(bytes(ROOM_BYTES))
            os.fdatasync(file.fileno())
        except OSError:
            file.truncate(size)
            raise
        return file.tell()
