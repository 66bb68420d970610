"""Listing site: the pages of a funder's site, and the notices that the scraper should find."""

from collections.abc import Callable
from dataclasses import dataclass, field

from granter_fake_site import Reply


def _nothing(_: str) -> str | Reply | None:
    return None


@dataclass(frozen=True)
class Call:
    title: str
    deadline: str | None
    """A day; None where there is none."""


@dataclass(frozen=True)
class ListingSite:
    start: str
    pages: dict[str, str | Reply]
    calls: dict[str, Call]
    """The notices, by the end of their addresses."""
    endless: Callable[[str], str | Reply | None] = field(default=_nothing)
    """Pages that are generated when requested."""
