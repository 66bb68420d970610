"""Lines of the logs of services, and the selection of them."""

from typing import NamedTuple

import msgspec


class LogLine(msgspec.Struct, frozen=True):
    """One line that a service wrote, without control characters."""

    at: str
    """When it was written. Reading the line again gives the same time."""
    service: str
    release: int
    """The release that introduced the revision of the instance; in the access log, of the instance that responded.
    0: none."""
    instance: str
    stream: str
    """`out` or `err`; `access` for the access log of the edge."""
    line: str


class LogQuery(msgspec.Struct, frozen=True):
    """Selects lines of a service's log."""

    lines: int = 100
    """The maximum number of last lines."""
    follow: bool = False
    """Continue with new lines as they are written."""
    release: int | None = None
    """Select only the lines of this release; None: of every release."""
    instance: str | None = None
    """Select only the lines of the instance with this id; None: of every instance."""


class LogSource(NamedTuple):
    """An instance that wrote a log, and its release."""

    instance: str
    release: int


RECENT = LogQuery()
