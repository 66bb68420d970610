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
    shares_text,
)
from mainstay.model.fleet import Revision
from mainstay.model.signals import LATE_S, PREVIEW, Counts, SignalSource
from mainstay.text.milliseconds import readable


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


def previewed_of(counts: Mapping[SignalSource, Counts], service: str, release: int) -> Counts:
    """Return the counts of a release's requests through the preview door, and of those sent to handle these."""
    found = (each for source, each in counts.items() if _is_previewed(source, service, release))
    return sum(found, Counts())


def _is_previewed(source: SignalSource, service: str, release: int) -> bool:
    return (source.service, source.release, source.route) == (service, release, PREVIEW)


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


def previewed_errors(compared: Compared, counts: Mapping[SignalSource, Counts]) -> list[Comparison]:
    """Return the comparison of failed synthetic requests by the access log: those that another service sent fail too,
    though that service may respond as expected. Empty when none reached the new release.
    """
    new = _failed(previewed_of(counts, compared.service, compared.new))
    old = None if compared.old is None else _failed(previewed_of(counts, compared.service, compared.old))
    text = failed_text(f"synthetic requests to {_about(compared, '')}", new, old)
    return [Comparison(text, new, old, service=compared.service)] if new.total else []


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

    The count of errors may miss them.
    """

    def share_of(counts: Counts) -> Share:
        return Share(counts.without_response, counts.timed)

    return _compare(compared, old, new, share_of, f"had no response after {LATE_S} s or until the client left", SLOW)


def slow(compared: Compared, old: Counts, new: Mapping[str, Counts], limit_ms: float) -> list[Comparison]:
    """Return the comparisons of requests that took longer than *limit_ms* milliseconds."""

    def share_of(counts: Counts) -> Share:
        return Share(counts.latency.slower_than(limit_ms), counts.latency.count)

    return _compare(compared, old, new, share_of, f"took longer than {readable(limit_ms)}", SLOW)


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
        text = shares_text(_about(compared, name), share, what, before)
        found.append(Comparison(text, share, before, margin, compared.service))
    return found


def _about(compared: Compared, instance: str) -> str:
    return instance or str(Revision(compared.service, compared.new))


def summary(compared: Compared, old: Counts | None, new: Counts) -> str:
    """Return the figures as text: `web@42: 0.3 % of 4,210 requests failed against 0.2 % of 79,800, p95 41 ms`.

    If other shares exceed their limit, such as that of redirects, the one with the strongest evidence replaces that of
    failed requests.
    """
    text = _nearest(compared, old, {"": new}).evidence
    if not new.latency.count:
        return text
    text += f", p95 {readable(new.latency.quantile_ms(0.95))}"
    return f"{text} against {readable(old.latency.quantile_ms(0.95))}" if old and old.latency.count else text


def _nearest(compared: Compared, old: Counts | None, new: Mapping[str, Counts]) -> Comparison:
    """Return the comparison that is nearest to the verdict `worse`; that of failed requests if none exceeds its limit.

    Times are left out.
    """
    found = errors(compared, old, new)
    if old is not None:
        found += client_errors(compared, old, new) + redirects(compared, old, new) + late(compared, old, new)
    exceeding = (each for each in found if each.exceeds_limit)
    return max(exceeding, key=lambda each: each.log_evidence, default=found[0])
