"""A note: something that an operator should know about a target, in the words of its driver."""

from typing import Literal

import msgspec


class Note(msgspec.Struct, frozen=True):
    """Something that an operator should know: what it is, and what to type or do next."""

    code: str
    """Stable, like `port-taken`: scripts may compare it."""
    what: str
    remedy: str = ""
    about: str = ""
    """The service or instance that it is about; empty: the environment."""
    level: Literal["problem", "note"] = "problem"
    """problem: the environment is degraded · note: it is not."""
