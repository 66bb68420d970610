"""The sealed file: secrets stored on disk, encrypted with age. It keeps every version of every secret."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from string import ascii_letters, digits
from typing import Protocol

import msgspec
import pyrage

from mainstay.errors import BadInput
from mainstay.model import Secret, SecretRef
from mainstay.system.atomic_file import atomic_write, make_folder
from mainstay.system.clock import Clock, SystemClock
from mainstay.system.file_lock import exclusive


class SealedEntry(msgspec.Struct, frozen=True):
    """The metadata of a stored secret, without its value."""

    name: str
    version: int
    """Number of the newest version, from 1."""
    set_at: str
    """When the newest version was stored (RFC 3339)."""
    generated: bool
    """Whether Mainstay generated the newest version at random; False: it was provided from outside."""


class StoredSecret(msgspec.Struct, frozen=True):
    """The result of storing a value. `changed`: whether a new version was stored, because the newest one differed."""

    ref: SecretRef
    changed: bool


class Sealed(Protocol):
    """A store of secrets, which keeps every version of every secret."""

    def read(self, ref: SecretRef) -> Secret:
        """Return the value of the version that *ref* names, by default the newest. Raises BadInput if it is missing."""

    def present(self, name: str) -> int | None:
        """Return the newest version number of *name*; None if there is none."""

    def keep(self, name: str, value: Secret) -> SecretRef:
        """Store *value* as the next version of *name* unless the newest equals it; return a reference to the newest."""

    def keep_all(self, values: Mapping[str, Secret]) -> tuple[StoredSecret, ...]:
        """Store each of *values* as by `keep`, all of them or none, and return the results in order."""

    def add(self, name: str, value: Secret) -> SecretRef:
        """Store *value* as the first version of *name* unless it has one; return a reference to the newest version."""

    def generate(self, name: str, length: int) -> SecretRef:
        """Return a reference to the newest version of *name*; generate one of *length* characters if there is none.

        Concurrent callers get the same reference.
        """

    def entries(self) -> tuple[SealedEntry, ...]:
        """Return every stored secret, without its value, sorted by name."""


class _Version(msgspec.Struct, frozen=True):
    """One version of a secret, as the sealed file holds it."""

    value: str
    at: str
    generated: bool


_Secrets = dict[str, dict[int, _Version]]
"""The versions of every secret, by name and number."""


class SealedFile:
    """An age file with every version of every secret; its key is stored elsewhere.

    A writer locks the file, reads it again and replaces it by a rename. So no writer loses the secrets of a concurrent
    one, and a crash leaves the old file or the new one. All methods raise BadInput when the key is missing or wrong.
    """

    def __init__(self, path: Path, key: Path, clock: Clock | None = None) -> None:
        self._path = path
        self._key = key
        self._clock = clock or SystemClock()

    def read(self, ref: SecretRef) -> Secret:
        versions = self._all().get(ref.name, {})
        version = ref.version if ref.version is not None else max(versions, default=0)
        if version not in versions:
            which = f"version {ref.version} of {ref.name}" if ref.version else ref.name
            raise BadInput(f"there is no secret {which}", remedy="mainstay deploy", code="secret-missing")
        return Secret(versions[version].value)

    def present(self, name: str) -> int | None:
        return max(self._all().get(name, {}), default=None)

    def keep(self, name: str, value: Secret) -> SecretRef:
        return self.keep_all({name: value})[0].ref

    def keep_all(self, values: Mapping[str, Secret]) -> tuple[StoredSecret, ...]:
        with self._locked():
            everything = self._all()
            kept = tuple(self._keep(everything, name, value) for name, value in values.items())
            if any(each.changed for each in kept):
                self._write(everything)
            return kept

    def add(self, name: str, value: Secret) -> SecretRef:
        return self._first(name, self._version(value.reveal()))

    def generate(self, name: str, length: int) -> SecretRef:
        return self._first(name, self._version(_random(length), generated=True))

    def entries(self) -> tuple[SealedEntry, ...]:
        newest = {name: max(versions.items()) for name, versions in sorted(self._all().items())}
        return tuple(SealedEntry(name, number, each.at, each.generated) for name, (number, each) in newest.items())

    def _version(self, value: str, *, generated: bool = False) -> _Version:
        return _Version(value, self._clock.now().isoformat(timespec="seconds"), generated)

    def _keep(self, everything: _Secrets, name: str, value: Secret) -> StoredSecret:
        versions = everything.setdefault(name, {})
        newest = max(versions, default=0)
        if newest and versions[newest].value == value.reveal():
            return StoredSecret(SecretRef(name, newest), changed=False)
        versions[newest + 1] = self._version(value.reveal())
        return StoredSecret(SecretRef(name, newest + 1), changed=True)

    def _first(self, name: str, version: _Version) -> SecretRef:
        with self._locked():
            everything = self._all()
            if versions := everything.get(name):
                return SecretRef(name, max(versions))
            self._write(everything | {name: {1: version}})
            return SecretRef(name, 1)

    def _all(self) -> _Secrets:
        try:
            sealed = self._path.read_bytes()
        except FileNotFoundError:
            return {}
        try:
            opened = pyrage.decrypt(sealed, [self._identity()])
        except (pyrage.DecryptError, pyrage.IdentityError):
            raise BadInput(
                f"{self._path} cannot be opened with {self._key}",
                remedy=f"restore the key that belongs to it at {self._key}",
                code="secret-key-wrong",
            ) from None
        return msgspec.json.decode(opened, type=_Secrets)

    def _write(self, everything: _Secrets) -> None:
        opened = msgspec.json.encode(everything)
        atomic_write(self._path, pyrage.encrypt(opened, [self._identity().to_public()]))

    def _identity(self) -> pyrage.x25519.Identity:
        if not self._key.exists():
            if self._path.exists():
                raise BadInput(
                    f"the key of {self._path} is missing",
                    remedy=f"restore {self._key} from its recovery copy",
                    code="secret-key-missing",
                )
            make_folder(self._key.parent, 0o700)
            atomic_write(self._key, f"{pyrage.x25519.Identity.generate()}\n".encode())
        return pyrage.x25519.Identity.from_str(self._key.read_text().strip())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        make_folder(self._path.parent)
        with exclusive(self._path.with_name("secrets.lock")):
            yield


def _random(length: int) -> str:
    """Return a random string of letters and digits only, so that it never needs quoting."""
    return "".join(secrets.choice(ascii_letters + digits) for _ in range(length))
