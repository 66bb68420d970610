"""When the next certificate is requested. Pure: times are seconds since 1970."""

from typing import NamedTuple

import msgspec

RENEWED_AFTER = 2 / 3
"""The part of a certificate's life after which it is renewed: the rest is left for failures."""
FIRST_PAUSE_S = 60.0
LONGEST_PAUSE_S = 6 * 3600.0
LONGEST_WISH_S = 7 * 86400.0
"""The longest pause that an authority's `Retry-After` is granted: the longest period of a rate limit is a week."""


class Certificate(NamedTuple):
    """A certificate: the authority's directory, the names that it is for, and its life."""

    directory: str
    names: frozenset[str]
    begins: float
    ends: float


class Failure(msgspec.Struct, frozen=True):
    """Why an attempt failed, and what the authority demands before the next one."""

    what: str
    retry_after_s: float = 0.0
    rate_limited: bool = False


class FailedAttempts(msgspec.Struct, frozen=True):
    """The failed attempts in a row for one request; the last one failed at `at`."""

    request: str
    """Identifies the request: another one begins without pauses."""
    count: int
    at: float
    last: Failure


def due_at(certificate: Certificate | None, directory: str, names: frozenset[str]) -> float:
    """Return when a new certificate for *names* is due; 0 when there is none that would do."""
    if certificate is None or certificate.directory != directory or not names <= certificate.names:
        return 0.0
    return certificate.begins + RENEWED_AFTER * (certificate.ends - certificate.begins)


def next_attempt_at(due: float, failed: FailedAttempts | None, now: float) -> float:
    """Return when the next attempt is made: when it is *due*, and after the pause that failed attempts demand.

    A clock that was set back is no reason to wait longer.
    """
    if failed is None or now < failed.at:
        return due
    return max(due, failed.at + pause_s(failed.count, failed.last))


def pause_s(failures: int, last: Failure) -> float:
    """Return the pause after *failures* in a row: one minute, doubled each time, and at most 6 hours.

    It is longer when the authority demands it. A rate limit without a time counts as 6 hours.
    """
    own = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures - 1, 20))
    wished = min(LONGEST_WISH_S, last.retry_after_s)
    return max(own, wished, LONGEST_PAUSE_S if last.rate_limited and not wished else 0.0)
