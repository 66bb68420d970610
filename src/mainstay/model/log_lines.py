"""The lines of services' logs, and the queries that select lines."""

from typing import NamedTuple

import msgspec


class LogLine(msgspec.Struct, frozen=True):
    """One line that a service wrote, without control characters."""

    at: str
    """The time at which the service wrote the line, in UTC; the same whenever the line is read."""
    service: str
    release: int
    """The release that introduced the revision of the instance; in the access log, of the instance that responded.
    0: none."""
    instance: str
    stream: str
    """`out` or `err`; `access` for the access log of the edge."""
    line: str


class LogQuery(msgspec.Struct, frozen=True):
    """A selection of lines from a service's log."""

    lines: int = 100
    """The maximum number of existing lines, taken from the end of the log."""
    follow: bool = False
    """Whether to continue with new lines as they are written."""
    release: int | None = None
    """Select only the lines of this release; None: of every release."""
    instance: str | None = None
    """Select only the lines of the instance with this id; None: of every instance."""


class LogSource(NamedTuple):
    """An instance that wrote a log, and its release."""

    instance: str
    release: int


RECENT = LogQuery()
