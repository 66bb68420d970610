"""Compute when the next certificate is requested. Pure functions; points in time are seconds since 1970."""

from typing import NamedTuple

import msgspec

RENEWED_AFTER = 2 / 3
"""The fraction of a certificate's lifetime after which it is renewed; the rest leaves time for failed attempts."""
FIRST_PAUSE_S = 60.0
LONGEST_PAUSE_S = 6 * 3600.0
LONGEST_RETRY_AFTER_S = 7 * 86400.0
"""The longest pause that an authority's `Retry-After` can cause, in seconds; rate limits last at most a week."""


class Certificate(NamedTuple):
    """A certificate: the directory URL of its authority, its host names, and when it becomes valid and expires."""

    directory: str
    names: frozenset[str]
    begins: float
    ends: float


class Failure(msgspec.Struct, frozen=True):
    """Why an attempt failed, and the pause that the authority demands before the next attempt."""

    what: str
    retry_after_s: float = 0.0
    """The pause in seconds from the authority's `Retry-After`; 0 without this header."""
    rate_limited: bool = False


class FailedAttempts(msgspec.Struct, frozen=True):
    """The attempts for one request that have failed in a row; `at` is the time of the last failure."""

    request: str
    """The `id` of the `Attempt`; the failures of one request do not delay another request."""
    count: int
    at: float
    last: Failure


def due_at(certificate: Certificate | None, directory: str, names: frozenset[str]) -> float:
    """Return when a new certificate for *names* from *directory* is due.

    0 (at once) when there is no *certificate*, or it is from another directory or lacks one of the names.
    """
    if certificate is None or certificate.directory != directory or not names <= certificate.names:
        return 0.0
    return certificate.begins + RENEWED_AFTER * (certificate.ends - certificate.begins)


def next_attempt_at(due: float, failed: FailedAttempts | None, now: float) -> float:
    """Return the time of the next attempt: *due*, or the end of the pause after *failed* if that is later.

    A clock that was set back to before the failure ends the pause.
    """
    if failed is None or now < failed.at:
        return due
    return max(due, failed.at + pause_s(failed.count, failed.last))


def pause_s(failures: int, last: Failure) -> float:
    """Return the seconds to wait after *failures* in a row: one minute, doubled with each failure, at most 6 hours.

    The pause is longer, up to a week, when *last* has a longer `Retry-After`. After a rate limit without `Retry-After`,
    it is 6 hours.
    """
    own = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures - 1, 20))
    demanded = min(LONGEST_RETRY_AFTER_S, last.retry_after_s)
    return max(own, demanded, LONGEST_PAUSE_S if last.rate_limited and not demanded else 0.0)
