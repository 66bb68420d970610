"""Values of variables: a literal, or a reference that is resolved when a process starts; and secret values."""

from typing import Literal, NoReturn

import msgspec


class SecretRef(msgspec.Struct, frozen=True, tag="secret"):
    """A reference to a secret, without its value. `version` None: the newest version at the time it is read."""

    name: str
    version: int | None = None


class Secret:
    """A secret value. Its repr is dots, so that logs, errors and tracebacks do not leak it; it cannot be pickled."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value. Call this only where the value is used."""
        return self._value

    def __repr__(self) -> str:
        return "••••"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be serialised")


class Listener(msgspec.Struct, frozen=True, tag="listener"):
    """The internal address of a service, which its target allocates once and keeps.

    `url` is `http://HOST:PORT`, `address` is `HOST:PORT`, `host` and `port` are the parts of `address`.
    Requests to it reach the live revision, or the previewed one if they have the header of the preview door.
    """

    service: str
    part: Literal["url", "address", "host", "port"] = "url"


class Piece(msgspec.Struct, frozen=True):
    """A part of a template; `percent` percent-encodes everything but unreserved characters (RFC 3986)."""

    value: str | SecretRef | Listener
    encoding: Literal["plain", "percent"] = "plain"


class Template(msgspec.Struct, frozen=True, tag="template"):
    """A string that is composed when a process starts, because some of its pieces are secret or not known earlier."""

    pieces: tuple[Piece, ...]
    secret: bool = True
    """Whether the composed string is secret."""


Value = str | SecretRef | Listener | Template
