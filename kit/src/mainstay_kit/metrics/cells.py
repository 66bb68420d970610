"""Cells: the numbers behind the metrics, in memory or in a folder that all processes of a service share."""

import contextlib
import fcntl
import mmap
import os
import time
from collections.abc import Iterator
from pathlib import Path

CAPACITY = 65_536
CELL_BYTES = 8
GENERATION = "generation"


class Cells:
    """One number per name. A process writes only its own cells; `read` covers all processes, exited ones included.

    In a folder each process has two files: `N.values`, eight bytes per cell, mapped into memory, so that counting is a
    memory write and no system call; and `N.names`, one line per cell, written before the cell is used. The first
    process of the service that starts removes the files of the service's previous start.
    """

    def __init__(self, folder: Path | None = None, *, generation: str | None = None) -> None:
        self._folder = folder
        self._indexes: dict[str, int] = {}
        self.values: list[float] | memoryview[float] = []
        self._names_file = -1
        if folder is not None:
            _sweep(folder, generation or f"{os.getppid()}-{_start_time(os.getppid())}")
            self._open_files()
            os.register_at_fork(after_in_child=self._open_files)

    def index(self, name: str) -> int | None:
        """Return the index of *name*'s cell in `values`; None when all cells are taken."""
        index = self._indexes.get(name)
        if index is None and len(self._indexes) < CAPACITY:
            index = self._indexes[name] = len(self._indexes)
            if isinstance(self.values, list):
                self.values.append(0.0)
            else:
                os.write(self._names_file, f"{name}\n".encode())
        return index

    def read(self) -> Iterator[tuple[str, float, bool]]:
        """Yield every cell of every process: its name, its value, and whether its process is alive."""
        if self._folder is None:
            yield from ((name, self.values[index], True) for name, index in self._indexes.items())
            return
        for names in sorted(self._folder.glob("*.names")):
            alive = Path("/proc", names.name.partition("-")[0]).exists()
            lines = names.read_text().split("\n")[:-1]
            with names.with_suffix(".values").open("rb") as file:
                values = memoryview(file.read(len(lines) * CELL_BYTES)).cast("d")
            yield from ((name, value, alive) for name, value in zip(lines, values, strict=True))

    def _open_files(self) -> None:
        """Create this process's files, also after a fork: with all known names and every value at 0."""
        assert self._folder is not None
        stem = self._folder / f"{os.getpid()}-{time.time_ns()}"
        with stem.with_suffix(".values").open("w+b") as file:
            file.truncate(CAPACITY * CELL_BYTES)
            self.values = memoryview(mmap.mmap(file.fileno(), CAPACITY * CELL_BYTES)).cast("d")
        if self._names_file >= 0:
            os.close(self._names_file)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._names_file = os.open(stem.with_suffix(".names"), flags, 0o600)
        known = "".join(f"{name}\n" for name in self._indexes)
        os.write(self._names_file, known.encode())


def _sweep(folder: Path, generation: str) -> None:
    """Remove the files of earlier starts. *generation* identifies this start: all its processes have it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / GENERATION).open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        if file.read() != generation:
            for old in [*folder.glob("*.names"), *folder.glob("*.values")]:
                with contextlib.suppress(FileNotFoundError):
                    old.unlink()
            file.truncate(0)
            file.write(generation)


def _start_time(process: int) -> str:
    """Return the start time of *process* in ticks since boot; with the PID it identifies the process uniquely."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return "0"
