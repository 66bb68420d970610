"""Tokens: what shows backend-core who asks."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Tokens:
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    seconds: int
