"""A job, which is a command that runs once to its end, and its state."""

from typing import Literal

import msgspec

from mainstay.model.value import Value


class Job(msgspec.Struct, frozen=True):
    """A command that runs once to its end. Its id comes from the plan, so that a repeated request runs it only once."""

    id: str
    title: str
    command: tuple[str, ...]
    folder: str
    environment: dict[str, Value] = {}
    stdin: str = ""
    """Text for its standard input; never contains a secret."""
    user: str = ""
    within_s: float = 600.0


class JobState(msgspec.Struct, frozen=True):
    """The state of a job. none: unknown id · running · ended: with exit code `code` · lost: it ran, outcome unknown.

    `tail` holds its last lines of output, without control characters.
    """

    state: Literal["none", "running", "ended", "lost"]
    code: int | None = None
    tail: tuple[str, ...] = ()
    took_s: float | None = None
