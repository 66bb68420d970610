"""Signals: a target's counters of requests, errors and response times. They only grow."""

import math
from typing import Literal

import msgspec

GROWTH = 1.05
"""The factor between the upper bounds of consecutive buckets of a latency sketch."""


class Latency(msgspec.Struct, frozen=True):
    """A mergeable sketch of response times: the number of requests per bucket.

    Bucket n counts times in milliseconds above `GROWTH ** (n - 1)` and up to `GROWTH ** n`; bucket 0 all up to 1 ms.
    """

    buckets: dict[int, int] = {}

    @property
    def count(self) -> int:
        return sum(self.buckets.values())

    def __add__(self, other: "Latency") -> "Latency":
        return Latency(_combined(self.buckets, other.buckets, 1))

    def __sub__(self, earlier: "Latency") -> "Latency":
        """Return what was counted since *earlier*, an earlier state of the same counter."""
        return Latency(_combined(self.buckets, earlier.buckets, -1))

    def quantile_ms(self, share: float) -> float:
        """Return the time in milliseconds within which *share* (0 to 1) of the requests ended; nan without requests."""
        wanted, seen = share * self.count, 0
        for number, count in sorted(self.buckets.items()):
            seen += count
            if count and seen >= wanted:
                return GROWTH**number
        return math.nan

    def slower_than(self, milliseconds: float) -> int:
        """Return how many requests took longer than the upper bound of the bucket that counts *milliseconds*."""
        limit = bucket_of(milliseconds)
        return sum(count for number, count in self.buckets.items() if number > limit)


def bucket_of(milliseconds: float) -> int:
    """Return the number of the bucket that counts this time."""
    return max(0, math.ceil(math.log(milliseconds, GROWTH))) if milliseconds > 1 else 0


def _combined(one: dict[int, int], other: dict[int, int], sign: int) -> dict[int, int]:
    if sign > 0 and len(other) > len(one):
        one, other = other, one
    if not other:
        return one
    sums = one | {number: one.get(number, 0) + sign * count for number, count in other.items()}
    return sums if sign > 0 else {number: count for number, count in sums.items() if count}


LATE_S = 5
"""Seconds after which a request whose response has not begun is counted as late."""
PREVIEW = "preview"
"""The value of `SignalSource.route` for requests through the preview door."""
EDGE = "-"
"""The value of `SignalSource.service` for requests that the edge refused or redirected itself."""
AnsweredBy = Literal["release", "edge", "unready"]
"""What answered a request. release: an instance of the release · edge: the edge itself, which refused or redirected
the request · unready: the edge, because no instance of the service was ready."""


class SignalSource(msgspec.Struct, frozen=True, order=True):
    """The key of a counter: requests that matched `route` and went to this instance of a service."""

    service: str
    """The service, or `EDGE` if the edge refused or redirected the request itself."""
    release: int
    """The release that introduced the instance's revision; 0: no instance received the request."""
    instance: str = ""
    """The id of the instance; empty: none, or the instance is gone."""
    route: str = ""
    """`preview` for requests through the preview door, otherwise the route's host and path; empty: not known."""

    @property
    def answered_by(self) -> AnsweredBy:
        return answered_by(self.service, self.release)


def answered_by(service: str, release: int) -> AnsweredBy:
    """Return what answered the requests that are counted for *service* and *release*."""
    if release:
        return "release"
    return "edge" if service == EDGE else "unready"


class Counts(msgspec.Struct, frozen=True):
    """Counters of requests."""

    requests: int = 0
    errors: int = 0
    """Responses with a status from 500 up, and responses that the instance cut short."""
    refused: int = 0
    """Connections that the instance refused or did not answer, whether or not another instance then responded."""
    aborted: int = 0
    """Requests that the client aborted. `requests`, `errors`, `client_errors` and `redirects` do not count them;
    `latency` counts only those that were waiting for the response."""
    latency: Latency = Latency()
    client_errors: int = 0
    """Responses with a status from 400 to 499."""
    redirects: int = 0
    """Responses that send the client to another address: a status from 300 to 399, without 304."""
    late: int = 0
    """Requests whose response had not begun after `LATE_S` seconds, whether or not they have ended since."""

    @property
    def given_up(self) -> int:
        """The number of requests whose client aborted them while it waited for the response."""
        return self.latency.count - self.requests

    @property
    def without_response(self) -> int:
        """The larger one of `late` and `given_up`, because a request may first be late and then given up."""
        return max(self.late, self.given_up)

    @property
    def timed(self) -> int:
        """The number of requests whose time is known, or known to be more than `LATE_S` seconds."""
        return self.latency.count + max(0, self.late - self.latency.slower_than(1000 * LATE_S))

    def __add__(self, other: "Counts") -> "Counts":
        return self._combined(other, 1)

    def __sub__(self, earlier: "Counts") -> "Counts":
        """Return what was counted since *earlier*, an earlier state of the same counters."""
        return self._combined(earlier, -1)

    def _combined(self, other: "Counts", sign: int) -> "Counts":
        return Counts(
            requests=self.requests + sign * other.requests,
            errors=self.errors + sign * other.errors,
            refused=self.refused + sign * other.refused,
            aborted=self.aborted + sign * other.aborted,
            latency=self.latency + other.latency if sign > 0 else self.latency - other.latency,
            client_errors=self.client_errors + sign * other.client_errors,
            redirects=self.redirects + sign * other.redirects,
            late=self.late + sign * other.late,
        )


class Signals(msgspec.Struct, frozen=True):
    """The counters of a target at one moment."""

    epoch: str
    """Changes when the counters began again from zero, because the target was restarted."""
    at_s: float
    """The time in seconds of a monotonic clock. Compare only times of one epoch."""
    counts: tuple[tuple[SignalSource, Counts], ...] = ()
    lost: int = 0
    """Requests that were not counted because their lines of the access log were lost or skipped."""

    def since(self, earlier: "Signals") -> dict[SignalSource, Counts]:
        """Return what was counted since *earlier*; all of it when the counters began again in between."""
        now = dict(self.counts)
        before: dict[SignalSource, Counts] = {}
        for source, counts in earlier.counts if earlier.epoch == self.epoch else ():
            # The counts of an instance that is gone have become those of its release.
            kept = source if source in now else msgspec.structs.replace(source, instance="")
            before[kept] = before.get(kept, Counts()) + counts
        return {source: counts - before.get(source, Counts()) for source, counts in now.items()}


def by_release(counts: dict[SignalSource, Counts]) -> dict[tuple[str, int], Counts]:
    """Return the sums of *counts* per service and release, without requests through the preview door."""
    found: dict[tuple[str, int], Counts] = {}
    for source, each in counts.items():
        if source.route != PREVIEW:
            key = (source.service, source.release)
            found[key] = found.get(key, Counts()) + each
    return found
