"""An observation: compares the requests of a new release with those of the old one, by a target's counters."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from mainstay.judging import synthetic
from mainstay.judging.comparisons import (
    Compared,
    client_errors,
    counts_by_instance,
    counts_of,
    errors,
    late,
    previewed_errors,
    previewed_of,
    redirects,
    requests_of,
    slow,
    summary,
)
from mainstay.judging.synthetic import Sampled
from mainstay.judging.verdict import FEWEST, SUSPICIOUS, Comparison, Verdict, judge, limit
from mainstay.model.fleet import Revision
from mainstay.model.signals import Counts, Signals, SignalSource
from mainstay.text.parts import SEPARATOR

WARM_UP_S = 3.0
"""Seconds from the start in which times are not compared: new processes answer their first requests slowly."""
SLOWER_BY, SLOWER_BY_MS = 1.2, 10.0
"""A request is slow if its time exceeds the old release's p95 (or p99) by the factor SLOWER_BY and by SLOWER_BY_MS
milliseconds."""
FEWEST_FOR_TIMES = 200
"""The fewest requests of the old release from which its p95 and p99 are computed; with fewer, no times are compared."""
LASTS_S = 3.0
"""Seconds from the first evidence that a release is slower until a second comparison, which must confirm it."""
LOST_SHARE, LOST = 0.01, 20
"""When the requests that were not counted exceed both the share LOST_SHARE (0 to 1) of the counted ones and the number
LOST, the verdict is `undecided`, and the comparison begins again."""


class _Times(NamedTuple):
    """The times in milliseconds beyond which requests are slow, and the counters at the moment they were computed."""

    p95: float
    p99: float
    since: Signals


@dataclass
class Observation:
    """Compares the new and old releases of *services*.

    *start* are the counters at the beginning of the observation, *before* those of a minute earlier; *synthetic_kinds*
    is the number of different synthetic requests that may be sent.
    """

    services: Sequence[Compared]
    before: Signals
    start: Signals
    synthetic_kinds: int = 0
    _times: dict[str, _Times] = field(default_factory=dict)
    _doubts: dict[str, tuple[float, Comparison]] = field(default_factory=dict)
    """The first evidence of slower requests by service, and its time."""
    _earlier: dict[SignalSource, Counts] = field(init=False)

    def __post_init__(self) -> None:
        self._earlier = self.start.since(self.before)

    def verdict(self, now: Signals, sampled: Sequence[Sampled] = ()) -> Verdict:
        """Return the verdict on the requests counted until *now* and the responses to synthetic requests so far.

        *now* must not be older than in the previous call.
        """
        if now.epoch != self.start.epoch:
            self._begin_again(now)
            return Verdict("undecided", "the counting of requests began again")
        counted = now.since(self.start)
        total = sum(each.requests for each in counted.values())
        lost = now.lost - self.start.lost
        if lost > max(LOST, LOST_SHARE * total):
            # What is counted from now on may be enough for a verdict.
            self._begin_again(now)
            return Verdict("undecided", f"{lost:,} of {lost + total:,} requests were not counted")
        found, summaries = synthetic.comparisons(sampled), []
        quiet, few = dict[str, int](), False
        for each in self.services:
            new, old = counts_by_instance(counted, each.service, each.new), self._old(each, counted)
            every = sum(new.values(), Counts())
            found += errors(each, old, new) + self._lasting(each, now, self._slow(each, now, new))
            if old is not None:
                found += client_errors(each, old, new) + redirects(each, old, new) + late(each, old, new)
            if self.synthetic_kinds:
                found += previewed_errors(each, counted)
            summaries.append(summary(each, old, every))
            quiet |= {each.service: requests_of(every)} if requests_of(every) < FEWEST else {}
            few = few or requests_of(every) < FEWEST or (old is not None and requests_of(old) < FEWEST)
        if sent := synthetic.summary(sampled):
            summaries.append(sent + self._not_reached(counted, quiet))
        reached = {each.service: _reached(each, counted) for each in self.services}
        verdict = judge(
            found,
            most_comparisons=self._most_comparisons,
            quiet=quiet,
            synthetic=reached,
            summary=SEPARATOR.join(summaries),
        )
        return verdict._replace(few=few, synthetic=reached)

    def _begin_again(self, now: Signals) -> None:
        """Compare only what is counted after *now*, with the same minute before the observation."""
        self.start, self._times, self._doubts = now, {}, {}

    @property
    def _most_comparisons(self) -> int:
        """The most comparisons of a verdict: errors, client errors, redirects, p95, p99 and late requests of each
        release and of each of several instances, and those of synthetic requests."""
        users = sum(6 * (1 + (each.instances if each.instances > 1 else 0)) for each in self.services)
        if not self.synthetic_kinds:
            return users
        return users + len(self.services) + synthetic.most_comparisons(self.synthetic_kinds)

    def _not_reached(self, counted: Mapping[SignalSource, Counts], quiet: Container[str]) -> str:
        """Return which revisions of *quiet* services got no synthetic request, to append to the figures of these."""
        every = (each for each in self.services if each.service in quiet)
        found = [each for each in every if not previewed_of(counted, each.service, each.new).requests]
        return f", none reached {', '.join(str(Revision(each.service, each.new)) for each in found)}" if found else ""

    def _old(self, compared: Compared, counted: Mapping[SignalSource, Counts]) -> Counts | None:
        """Return the counts of the old release with which *counted* is compared; None when nothing is replaced."""
        if compared.old is None:
            return None
        return counts_of(counted if compared.side_by_side else self._earlier, compared.service, compared.old)

    def _slow(self, compared: Compared, now: Signals, new: Mapping[str, Counts]) -> list[Comparison]:
        """Return the comparisons of times, for requests of the new release that ended after the limits were set.

        The old release's requests are those of the same time; if it gets none, those of the minute before the
        observation, from which the limits were computed.
        """
        times = self._times.get(compared.service) or self._limits(compared, now)
        if times is None:
            return []
        self._times[compared.service] = times
        counted = now.since(times.since)
        old, timed = self._old(compared, counted), counts_by_instance(counted, compared.service, compared.new)
        assert old is not None
        return [each for limit_ms in (times.p95, times.p99) for each in slow(compared, old, timed, limit_ms)]

    def _lasting(self, compared: Compared, now: Signals, found: list[Comparison]) -> list[Comparison]:
        """Return the comparisons of times *found*, so that one busy moment of the machine is no evidence.

        Such a moment slows down many requests at once, perhaps those of one release only. So evidence that reaches the
        limit begins another comparison `LASTS_S` seconds later. Evidence from `SUSPICIOUS` on in that one confirms it;
        less, among as many requests, refutes it.
        """
        name = compared.service
        if not found:
            return found
        strongest = max(found, key=lambda each: each.log_evidence)
        if name not in self._doubts and strongest.log_evidence >= limit(self._most_comparisons):
            self._doubts[name] = now.at_s, strongest
        if name not in self._doubts:
            return found
        at_s, first = self._doubts[name]
        if now.at_s - at_s < LASTS_S:
            self._times[name] = self._times[name]._replace(since=now)
        elif strongest.log_evidence >= SUSPICIOUS:
            return [first]
        elif found[0].new.total >= first.new.total:
            del self._doubts[name]
            return found
        return [first._replace(largest_evidence=SUSPICIOUS)]

    def _limits(self, compared: Compared, now: Signals) -> _Times | None:
        """Return the limits; None while new instances warm up, and while the old release has had too few requests."""
        if compared.old is None or now.at_s - self.start.at_s < WARM_UP_S:
            return None
        both = (counts_of(each, compared.service, compared.old) for each in (self._earlier, now.since(self.start)))
        old = sum(both, Counts()).latency
        if old.count < FEWEST_FOR_TIMES:
            return None
        p95, p99 = (old.quantile_ms(share) for share in (0.95, 0.99))
        return _Times(_beyond(p95), _beyond(p99), now)


def _reached(compared: Compared, counted: Mapping[SignalSource, Counts]) -> int:
    """Return how many synthetic requests reached the new release; those of the old one, if it got fewer.

    The access log shows them: a smoke flow leads to one service, which may call others.
    """
    releases = [each for each in (compared.new, compared.old) if each is not None]
    return min(previewed_of(counted, compared.service, each).requests for each in releases)


def _beyond(milliseconds: float) -> float:
    return max(milliseconds * SLOWER_BY, milliseconds + SLOWER_BY_MS)
