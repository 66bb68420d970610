"""Pure functions that compare how two releases respond to the same synthetic requests.

Users' requests are compared separately, because the two releases may get different kinds of them.
"""

from collections.abc import Sequence
from typing import NamedTuple

from mainstay.judging.sequential_test import Share
from mainstay.judging.verdict import Comparison, failed_text


class Sampled(NamedTuple):
    """The shares of unexpected responses to one synthetic request, from the new release and from the old one."""

    request: str
    """The request as text: `GET /search`."""
    new: Share = Share(0, 0)
    old: Share | None = Share(0, 0)
    """None: no release is replaced."""


def most_comparisons(kinds: int) -> int:
    """Return how many comparisons `comparisons` makes for *kinds* different requests."""
    return kinds + 1 if kinds > 1 else kinds


def comparisons(samples: Sequence[Sampled]) -> list[Comparison]:
    """Return the comparison of all requests together, and of each request, because a release may fail at only one."""
    found = [_whole(samples), *samples] if len(samples) > 1 else samples
    return [Comparison(_text(each), each.new, each.old) for each in found if each.new.total]


def summary(samples: Sequence[Sampled]) -> str:
    """Return the figures of all requests as text; empty until the new release has received one."""
    whole = _whole(samples)
    return _text(whole) if whole.new.total else ""


def _whole(samples: Sequence[Sampled]) -> Sampled:
    old = [each.old for each in samples if each.old is not None]
    return Sampled("synthetic requests", _sum([each.new for each in samples]), _sum(old) if old else None)


def _sum(shares: Sequence[Share]) -> Share:
    return Share(sum(each.hits for each in shares), sum(each.total for each in shares))


def _text(sampled: Sampled) -> str:
    about = sampled.request if sampled.request.startswith("synthetic") else f"synthetic {sampled.request}"
    return failed_text(about, sampled.new, sampled.old)
