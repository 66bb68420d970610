"""A value of a variable, as a spec has it: a literal, or what is only known or shown when a process starts."""

from typing import Literal

import msgspec

from mainstay.model.secret import SecretRef


class Listener(msgspec.Struct, frozen=True, tag="listener"):
    """The internal address of a service, which its target allots and keeps.

    `url` is `http://127.0.0.1:PORT`, `address` is `127.0.0.1:PORT`, `host` and `port` its halves.
    It leads to the revision that serves.
    """

    service: str
    part: Literal["url", "address", "host", "port"] = "url"


class Piece(msgspec.Struct, frozen=True):
    """A part of a template; `percent` encodes everything but unreserved characters (RFC 3986)."""

    value: str | SecretRef | Listener
    encoding: Literal["plain", "percent"] = "plain"


class Template(msgspec.Struct, frozen=True, tag="template"):
    """A text composed when a process starts, from pieces of which some are not known or not shown before."""

    pieces: tuple[Piece, ...]
    secret: bool = True


Value = str | SecretRef | Listener | Template
