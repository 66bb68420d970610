"""The value of a variable in a workload: a literal, or a reference that is resolved when a process starts."""

from typing import Literal

import msgspec

from mainstay.model.secret import SecretRef


class Listener(msgspec.Struct, frozen=True, tag="listener"):
    """The internal address of a service, which its target allocates once and keeps.

    `url` is `http://HOST:PORT`, `address` is `HOST:PORT`, `host` and `port` are its halves.
    Requests to it reach the live revision.
    """

    service: str
    part: Literal["url", "address", "host", "port"] = "url"


class Piece(msgspec.Struct, frozen=True):
    """A part of a template; `percent` percent-encodes everything but unreserved characters (RFC 3986)."""

    value: str | SecretRef | Listener
    encoding: Literal["plain", "percent"] = "plain"


class Template(msgspec.Struct, frozen=True, tag="template"):
    """A text that is composed when a process starts, because some of its pieces are secret or unknown before."""

    pieces: tuple[Piece, ...]
    secret: bool = True


Value = str | SecretRef | Listener | Template
