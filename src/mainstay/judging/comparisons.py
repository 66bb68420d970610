"""Compares the counted requests of a new release with those of the replaced one: errors, statuses and times."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from mainstay.judging.sequential_test import Margin, Share
from mainstay.judging.verdict import (
    CLIENT_ERRORS,
    FEWEST,
    REDIRECTS,
    SLOW,
    SUSPICIOUS,
    SUSPICIOUS_OF_FEW,
    Comparison,
    failed_text,
    percent_of,
)
from mainstay.model.fleet import Revision
from mainstay.model.signals import LATE_S, PREVIEW, Counts, SignalSource


class Compared(NamedTuple):
    """A service whose requests are compared. Its release `new` replaces `old`; None: the service is new."""

    service: str
    old: int | None
    new: int
    instances: int = 1
    """How many instances of `new` run."""
    side_by_side: bool = True
    """Whether `old` gets requests too while `new` is observed; False: those of the minute before it are compared."""


def counts_by_instance(counts: Mapping[SignalSource, Counts], service: str, release: int) -> dict[str, Counts]:
    """Return the counts of *service* in *release* by instance, without requests through the preview door."""
    found: dict[str, Counts] = {}
    for source, each in counts.items():
        if (source.service, source.release) == (service, release) and source.route != PREVIEW:
            found[source.instance] = found.get(source.instance, Counts()) + each
    return found


def counts_of(counts: Mapping[SignalSource, Counts], service: str, release: int) -> Counts:
    """Return the counts of *service* in *release* over all instances, without requests through the preview door."""
    return sum(counts_by_instance(counts, service, release).values(), Counts())


def _with_whole(instances: Mapping[str, Counts]) -> Iterator[tuple[str, Counts]]:
    """Yield the sum, named "", then each of several instances, because one bad instance may not show in the sum."""
    yield "", sum(instances.values(), Counts())
    if len(instances) > 1:
        yield from ((name, counts) for name, counts in instances.items() if name)


def requests_of(counts: Counts) -> int:
    """Return the number of requests that were answered or refused."""
    return counts.requests + counts.refused


def _failed(counts: Counts) -> Share:
    """Return the share that failed. A refused connection is a failure, even where another instance then answered."""
    return Share(counts.errors + counts.refused, counts.requests + counts.refused)


def errors(compared: Compared, old: Counts | None, new: Mapping[str, Counts]) -> list[Comparison]:
    """Return the comparisons of failed requests: one for the whole new release, and one for each of several instances.

    *new* has the counts by instance. *old* is None if no release is replaced; then `BAD` is the limit.
    """
    before = None if old is None else _failed(old)
    return [
        Comparison(
            failed_text(_about(compared, name), _failed(counts), before),
            _failed(counts),
            before,
            service=compared.service,
            suspicious=SUSPICIOUS if requests_of(counts) >= FEWEST else SUSPICIOUS_OF_FEW,
        )
        for name, counts in _with_whole(new)
    ]


def client_errors(compared: Compared, old: Counts, new: Mapping[str, Counts]) -> list[Comparison]:
    """Return the comparisons of statuses from 400 to 499: a lost route or a broken log-in shows in no other figure."""

    def share_of(counts: Counts) -> Share:
        return Share(counts.client_errors, counts.requests)

    return _compare(compared, old, new, share_of, "got a status from 400 to 499", CLIENT_ERRORS)


def redirects(compared: Compared, old: Counts, new: Mapping[str, Counts]) -> list[Comparison]:
    """Return the comparisons of redirects: a release that redirects its clients in a circle fails no request."""

    def share_of(counts: Counts) -> Share:
        return Share(counts.redirects, counts.requests)

    return _compare(compared, old, new, share_of, "were redirected", REDIRECTS)


def late(compared: Compared, old: Counts, new: Mapping[str, Counts]) -> list[Comparison]:
    """Return the comparisons of requests with no response after `LATE_S` seconds, or until their client left.

    The count of errors may miss them. A request may be late first and given up later, so the larger one of the two
    numbers counts.
    """

    def share_of(counts: Counts) -> Share:
        return Share(max(counts.late, counts.given_up), counts.timed)

    return _compare(compared, old, new, share_of, f"had no response after {LATE_S} s or until the client left", SLOW)


def slow(compared: Compared, old: Counts, new: Mapping[str, Counts], limit_ms: float) -> list[Comparison]:
    """Return the comparisons of requests that took longer than *limit_ms* milliseconds."""

    def share_of(counts: Counts) -> Share:
        return Share(counts.latency.slower_than(limit_ms), counts.latency.count)

    return _compare(compared, old, new, share_of, f"took longer than {limit_ms:.0f} ms", SLOW)


def _compare(
    compared: Compared,
    old: Counts,
    new: Mapping[str, Counts],
    share_of: Callable[[Counts], Share],
    what: str,
    margin: Margin,
) -> list[Comparison]:
    """Return the comparisons of one share, of the whole new release and of each instance; *what* is its text."""
    before = share_of(old)
    found = []
    for name, counts in _with_whole(new):
        share = share_of(counts)
        text = f"{_about(compared, name)}: {percent_of(share)} {what} against {percent_of(before)}"
        found.append(Comparison(text, share, before, margin, compared.service))
    return found


def _about(compared: Compared, instance: str) -> str:
    return instance or str(Revision(compared.service, compared.new))


def summary(compared: Compared, old: Counts | None, new: Counts) -> str:
    """Return the figures as text: `web@42: 0.3 % of 4,210 requests failed against …; p95 41 ms against 40 ms`."""
    text = failed_text(_about(compared, ""), _failed(new), None if old is None else _failed(old))
    if not new.latency.count:
        return text
    text += f"; p95 {new.latency.quantile_ms(0.95):.0f} ms"
    return f"{text} against {old.latency.quantile_ms(0.95):.0f} ms" if old and old.latency.count else text
