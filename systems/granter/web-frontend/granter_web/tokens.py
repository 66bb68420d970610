"""Tokens: the credentials that identify the visitor to backend-core."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Tokens:
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    seconds: int
    """Seconds until the access token expires."""
