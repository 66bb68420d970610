"""A job: something that runs once and ends, and how it stands."""

from typing import Literal

import msgspec

from mainstay.model.value import Value


class Job(msgspec.Struct, frozen=True):
    """Something that runs once and ends. Its id comes from the plan, so asking twice runs once."""

    id: str
    title: str
    command: tuple[str, ...]
    folder: str
    environment: dict[str, Value] = {}
    stdin: str = ""
    """Given to it on standard input; never holds a secret."""
    user: str = ""
    within_s: float = 600.0


class JobState(msgspec.Struct, frozen=True):
    """none: never heard of · running · ended with `code` · lost: it ran, and nobody saw how it ended.

    `tail` holds its last lines, made harmless.
    """

    state: Literal["none", "running", "ended", "lost"]
    code: int | None = None
    tail: tuple[str, ...] = ()
    took_s: float | None = None
