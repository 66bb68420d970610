"""A sequential test: is a share of the new release's requests larger than the old release's, beyond a margin?

Its evidence is an e-value, which may be computed after every request: while the new release is not worse, the chance
that the e-value ever reaches 1/a is at most a. The denominator is the largest likelihood of the counts while the new
release is not worse, the numerator their average likelihood over all shares (Wasserman, Ramdas, Balakrishnan:
Universal inference, PNAS 117, 2020, section 8). The test holds for any split of the traffic, if requests fail
independently.
"""

import math
from typing import NamedTuple

_HALVINGS = 50
_PRIORS = ((0.5, 0.5), (0.5, 50.0))
"""Two Beta distributions of shares: the first is neutral (Jeffreys); the second prefers small shares, since few
requests fail or are slow."""


class Share(NamedTuple):
    """A share of requests: `hits` of `total` requests have a property, such as having failed."""

    hits: int
    total: int

    @property
    def percent(self) -> float:
        """The share in percent; 0 without requests."""
        return 100 * self.hits / self.total if self.total else 0.0


class Margin(NamedTuple):
    """The largest new share that does not count as worse: `times` the old share, and in addition `plus` (0 to 1)."""

    times: float
    plus: float

    def limit(self, old: float) -> float:
        """Return the largest share (0 to 1) that is not worse than the share *old*."""
        return min(1.0, self.times * old + self.plus)


def log_evidence(old: Share, new: Share, margin: Margin) -> float:
    """Return the natural logarithm of the e-value for "the new share is larger than the limit for the old one".

    0 means no evidence; it is also returned when the old or the new release has no requests.
    """
    if not old.total or not new.total or new.hits / new.total <= margin.limit(old.hits / old.total):
        return 0.0
    return max(0.0, _log_average(old) + _log_average(new) - _log_largest(old, new, margin))


def log_evidence_above(limit: float, new: Share) -> float:
    """Return the natural logarithm of the e-value for "the new share is larger than *limit*"; 0 is no evidence."""
    if not new.total or new.hits / new.total <= limit:
        return 0.0
    return max(0.0, _log_average(new) - _log_likelihood(new, limit))


def _log_average(share: Share) -> float:
    """Return the log of the average likelihood over all shares, weighted by the mean of `_PRIORS`."""
    logs = [
        _log_beta(hits + share.hits, misses + share.total - share.hits) - _log_beta(hits, misses)
        for hits, misses in _PRIORS
    ]
    largest = max(logs)
    return largest + math.log(sum(math.exp(each - largest) for each in logs) / len(logs))


def _log_beta(one: float, other: float) -> float:
    return math.lgamma(one) + math.lgamma(other) - math.lgamma(one + other)


def _log_largest(old: Share, new: Share, margin: Margin) -> float:
    """Return the log of the largest likelihood while the new share is at the limit for the old one.

    It is concave in the old share, so bisection of its slope finds it.
    """
    low, high = 0.0, min(1.0, (1 - margin.plus) / margin.times)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        slope = _slope(old, middle) + margin.times * _slope(new, margin.limit(middle))
        low, high = (middle, high) if slope > 0 else (low, middle)
    middle = (low + high) / 2
    return _log_likelihood(old, middle) + _log_likelihood(new, margin.limit(middle))


def _slope(share: Share, at: float) -> float:
    misses = share.total - share.hits
    return (share.hits / at if share.hits else 0.0) - (misses / (1 - at) if misses else 0.0)


def _log_likelihood(share: Share, at: float) -> float:
    misses = share.total - share.hits
    return (share.hits * math.log(at) if share.hits else 0.0) + (misses * math.log1p(-at) if misses else 0.0)
