"""Settings: the values of plain variables that an operator has set, stored per environment in `settings.json`."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec

from mainstay.errors import BadInput
from mainstay.system.atomic_file import atomic_write
from mainstay.system.file_lock import exclusive


class Setting(msgspec.Struct, frozen=True):
    """A value, when it was set (RFC 3339), and the user who set it."""

    value: str
    at: str
    by: str


class SettingsFile:
    """The stored settings of one environment.

    Each change locks the file, reads it again and replaces it by a rename. So concurrent writers never lose each
    other's values, and a crash leaves the old file or the new one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, Setting]:
        """Return all settings by name. Raises BadInput when the file is damaged."""
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
        """Store the values *given* and remove the settings named in *removed*."""
        with self._locked():
            kept = {name: setting for name, setting in self.read().items() if name not in set(removed)}
            self._write(kept | dict(given))

    def add(self, given: Mapping[str, Setting]) -> None:
        """Store those values of *given* whose names have no value yet."""
        with self._locked():
            stored = self.read()
            if any(name not in stored for name in given):
                self._write({**given, **stored})

    def _write(self, settings: Mapping[str, Setting]) -> None:
        atomic_write(self._path, msgspec.json.format(msgspec.json.encode(settings, order="sorted")) + b"\n")

    def _locked(self) -> AbstractContextManager[None]:
        return exclusive(self._path.with_name("settings.lock"))
