"""Settings: the values of plain variables that an operator gave, stored per environment in `settings.json`."""

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from mainstay.errors import BadInput
from mainstay.system.atomic_file import atomic_write


class Setting(msgspec.Struct, frozen=True):
    """One value, when it was given (RFC 3339) and by whom."""

    value: str
    at: str
    by: str


class SettingsFile:
    """The stored settings of one environment.

    Each change reads the file again under a lock of its own and replaces it by a rename: two writers never lose each
    other's values, and a crash leaves the old file or the new one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, Setting]:
        """Return all of them. Raises BadInput when the file was damaged."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, Setting])
        except FileNotFoundError:
            return {}
        except msgspec.DecodeError as damage:
            raise BadInput(
                f"{self._path} cannot be read: {damage}",
                remedy=f"repair it, or move it away and give the values again with mainstay set: {self._path}",
                code="settings-damaged",
            ) from None

    def change(self, given: Mapping[str, Setting], removed: Iterable[str] = ()) -> None:
        """Store the values *given* and forget those *removed*."""
        with self._locked():
            kept = {name: setting for name, setting in self.read().items() if name not in set(removed)}
            self._write(kept | dict(given))

    def add(self, given: Mapping[str, Setting]) -> None:
        """Store those of *given* that have no value yet."""
        with self._locked():
            stored = self.read()
            if any(name not in stored for name in given):
                self._write({**given, **stored})

    def _write(self, settings: Mapping[str, Setting]) -> None:
        atomic_write(self._path, msgspec.json.format(msgspec.json.encode(settings, order="sorted")) + b"\n")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = os.open(self._path.with_name("settings.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)
