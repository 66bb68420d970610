"""An observation: compares the requests of a new release with those of the old one, by a target's counters."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from mainstay.judging import synthetic
from mainstay.judging.sequential_test import Share
from mainstay.judging.synthetic import Sampled
from mainstay.judging.verdict import (
    CLIENT_ERRORS,
    FEWEST,
    SLOW,
    SUSPICIOUS,
    SUSPICIOUS_OF_FEW,
    Comparison,
    Verdict,
    judge,
    percent_of,
)
from mainstay.model.fleet import Revision
from mainstay.model.signals import LATE_S, PREVIEW, Counts, Signals, SignalSource

WARM_UP_S = 3.0
"""Seconds from the start in which times are not compared: new processes answer their first requests slowly."""
SLOWER_BY, SLOWER_BY_MS = 1.2, 10.0
"""A request is slow if it exceeds the old release's p95 (or p99) by this factor and by these milliseconds."""
FEWEST_FOR_TIMES = 200
"""Requests of the old release without which its p95 and p99 are not computed, and no times are compared."""
LOST_SHARE, LOST = 0.01, 20
"""The verdict is `undecided` when more requests than this share, and than this number, were not counted."""


class Compared(NamedTuple):
    """A service whose requests are compared. Its release `new` replaces `old`; None: the service is new."""

    service: str
    old: int | None
    new: int
    instances: int = 1
    """How many instances of `new` run."""
    side_by_side: bool = True
    """Whether `old` gets requests too while `new` is observed; False: its minute before that is compared."""


class _Times(NamedTuple):
    """The times in milliseconds beyond which requests are slow, and the counters at the moment they were computed."""

    p95: float
    p99: float
    since: dict[SignalSource, Counts]


@dataclass
class Observation:
    """Compares the new and old releases of *services*.

    *start* are the counters at the begin of the observation, *before* those of a minute earlier. *synthetic_kinds* is
    the number of different synthetic requests that may be sent.
    """

    services: Sequence[Compared]
    before: Signals
    start: Signals
    synthetic_kinds: int = 0
    _times: dict[str, _Times] = field(default_factory=dict)
    _earlier: dict[SignalSource, Counts] = field(init=False)

    def __post_init__(self) -> None:
        self._earlier = self.start.since(self.before)

    def verdict(self, now: Signals, sampled: Sequence[Sampled] = ()) -> Verdict:
        """Return the verdict on the counters *now* and the responses to synthetic requests so far.

        Neither may be older than those of an earlier call.
        """
        if now.epoch != self.start.epoch:
            # The target was restarted: begin again, with the old release's last minute from before.
            self.start, self._times = now, {}
            return Verdict("undecided", "the counting of requests began again")
        counted = now.since(self.start)
        total = sum(each.requests for each in counted.values())
        lost = now.lost - self.start.lost
        if lost > max(LOST, LOST_SHARE * total):
            return Verdict("undecided", f"{lost:,} of {lost + total:,} requests were not counted")
        found, summaries = synthetic.comparisons(sampled), []
        quiet, few = [], False
        for each in self.services:
            new, old = _instances(counted, each.service, each.new), self._old(each, counted)
            every = sum(new.values(), Counts())
            found += _errors(each, old, new) + self._slow(each, now, new)
            if old is not None:
                found += _client_errors(each, old, new) + _late(each, old, new)
            summaries.append(_summary(each, old, every))
            quiet += [each.service] if _requests(every) < FEWEST else []
            few = few or _requests(every) < FEWEST or (old is not None and _requests(old) < FEWEST)
        if sent := synthetic.summary(sampled):
            summaries.append(sent)
        verdict = judge(
            found,
            most=self._most,
            quiet=tuple(quiet),
            synthetic=synthetic.count_of(sampled),
            summary="; ".join(summaries),
        )
        return verdict._replace(few=few)

    @property
    def _most(self) -> int:
        """The most comparisons of a verdict: errors, client errors, p95, p99 and late requests of each release and of
        each of several instances, and those of synthetic requests."""
        users = sum(5 * (1 + (each.instances if each.instances > 1 else 0)) for each in self.services)
        return users + synthetic.most_comparisons(self.synthetic_kinds)

    def _old(self, compared: Compared, counted: Mapping[SignalSource, Counts]) -> Counts | None:
        if compared.old is None:
            return None
        found = counted if compared.side_by_side else self._earlier
        return sum(_instances(found, compared.service, compared.old).values(), Counts())

    def _slow(self, compared: Compared, now: Signals, new: Mapping[str, Counts]) -> list[Comparison]:
        """Return the comparisons of times, for requests of the new release that ended after the limits were set.

        The old release's requests are those of the same time; if it gets none, those of the minute before the
        observation, from which the limits were computed.
        """
        times = self._times.get(compared.service) or self._limits(compared, now)
        if times is None:
            return []
        self._times[compared.service] = times
        counted = {source: counts - times.since.get(source, Counts()) for source, counts in now.counts}
        since = counted if compared.side_by_side else self._earlier
        assert compared.old is not None
        old = sum(_instances(since, compared.service, compared.old).values(), Counts())
        timed = _instances(counted, compared.service, compared.new)
        found = []
        for limit in (times.p95, times.p99):
            before = Share(old.latency.slower_than(limit), old.latency.count)
            for name, counts in _with_whole(timed):
                share = Share(counts.latency.slower_than(limit), counts.latency.count)
                text = f"{percent_of(share)} took longer than {limit:.0f} ms against {percent_of(before)}"
                found.append(Comparison(f"{_about(compared, name)}: {text}", share, before, SLOW, compared.service))
        return found

    def _limits(self, compared: Compared, now: Signals) -> _Times | None:
        """Return the limits; None while new instances warm up, and while the old release has had too few requests."""
        if compared.old is None or now.at_s - self.start.at_s < WARM_UP_S:
            return None
        until_now = {
            source: self._earlier.get(source, Counts()) + counts for source, counts in now.since(self.start).items()
        }
        old = sum(_instances(self._earlier | until_now, compared.service, compared.old).values(), Counts()).latency
        if old.count < FEWEST_FOR_TIMES:
            return None
        p95, p99 = (old.quantile_ms(share) for share in (0.95, 0.99))
        return _Times(_beyond(p95), _beyond(p99), dict(now.counts))


def _beyond(milliseconds: float) -> float:
    return max(milliseconds * SLOWER_BY, milliseconds + SLOWER_BY_MS)


def _instances(counts: Mapping[SignalSource, Counts], service: str, release: int) -> dict[str, Counts]:
    """Return the counts of a release by instance, without those of the preview door."""
    found: dict[str, Counts] = {}
    for source, each in counts.items():
        if (source.service, source.release) == (service, release) and source.route != PREVIEW:
            found[source.instance] = found.get(source.instance, Counts()) + each
    return found


def _with_whole(instances: Mapping[str, Counts]) -> Iterator[tuple[str, Counts]]:
    """Yield the sum, named "", then each of several instances, because one bad instance may not show in the sum."""
    yield "", sum(instances.values(), Counts())
    if len(instances) > 1:
        yield from ((name, counts) for name, counts in instances.items() if name)


def _requests(counts: Counts) -> int:
    return counts.requests + counts.refused


def _failed(counts: Counts) -> Share:
    """Return the share that failed. A refused connection is a failure, even where another instance then answered."""
    return Share(counts.errors + counts.refused, counts.requests + counts.refused)


def _errors(compared: Compared, old: Counts | None, new: Mapping[str, Counts]) -> list[Comparison]:
    before = None if old is None else _failed(old)
    return [
        Comparison(
            _text(_about(compared, name), _failed(counts), before),
            _failed(counts),
            before,
            service=compared.service,
            suspicious=SUSPICIOUS if _requests(counts) >= FEWEST else SUSPICIOUS_OF_FEW,
        )
        for name, counts in _with_whole(new)
    ]


def _client_errors(compared: Compared, old: Counts, new: Mapping[str, Counts]) -> list[Comparison]:
    """Return the comparisons of statuses from 400 to 499: a lost route or a broken log-in shows in no other figure."""
    before = Share(old.client_errors, old.requests)
    found = []
    for name, counts in _with_whole(new):
        share = Share(counts.client_errors, counts.requests)
        text = f"{percent_of(share)} got a status from 400 to 499 against {percent_of(before)}"
        found.append(Comparison(f"{_about(compared, name)}: {text}", share, before, CLIENT_ERRORS, compared.service))
    return found


def _late(compared: Compared, old: Counts, new: Mapping[str, Counts]) -> list[Comparison]:
    """Return the comparisons of late requests: those that hang are in no other figure before their clients give up."""
    before = Share(old.late, old.timed)
    found = []
    for name, counts in _with_whole(new):
        share = Share(counts.late, counts.timed)
        text = f"{percent_of(share)} had no response after {LATE_S} s against {percent_of(before)}"
        found.append(Comparison(f"{_about(compared, name)}: {text}", share, before, SLOW, compared.service))
    return found


def _about(compared: Compared, instance: str) -> str:
    return instance or str(Revision(compared.service, compared.new))


def _summary(compared: Compared, old: Counts | None, new: Counts) -> str:
    text = _text(_about(compared, ""), _failed(new), None if old is None else _failed(old))
    if not new.latency.count:
        return text
    text += f"; p95 {new.latency.quantile_ms(0.95):.0f} ms"
    return f"{text} against {old.latency.quantile_ms(0.95):.0f} ms" if old and old.latency.count else text


def _text(about: str, new: Share, old: Share | None) -> str:
    if not new.total:
        return f"{about}: no requests"
    against = f" against {percent_of(old)}" if old and old.total else ""
    return f"{about}: {percent_of(new)} failed{against}"
