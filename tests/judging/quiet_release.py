"""Simulated observations of releases whose users send few requests, beside synthetic ones."""

import random
from collections.abc import Iterator
from typing import NamedTuple

from mainstay.judging.comparisons import Compared
from mainstay.judging.observation import Observation
from mainstay.judging.sequential_test import Share
from mainstay.judging.synthetic import Sampled
from mainstay.judging.verdict import Verdict
from mainstay.model.signals import PREVIEW, Counts, Signals, SignalSource
from mainstay.steps.observe import LONGEST, LONGEST_S
from tests.judging.stream import NEW, OLD

TICK_S = 0.5
USERS_A_SECOND = 0.05
WEB = Compared("web", OLD, NEW)
UNCHANGED = 1000


class Errors(NamedTuple):
    """The chances that a response fails: of the old release, of the new one, and of the new one's first path."""

    old: float = 0.0
    new: float = 0.0
    first_path: float | None = None


class Outcome(NamedTuple):
    verdict: Verdict
    at_s: float

    @property
    def kept(self) -> bool:
        return self.verdict.result == "not worse"


def observe(seed: int, errors: Errors, *, hold_s: float, rate: float = USERS_A_SECOND, paths: int = 3) -> Outcome:
    """Observe a release as the step does: a pair of requests each half second beside *rate* users' a second."""
    chance, now_s, number = random.Random(seed), 0.0, 0
    counts, previewed = {OLD: Counts(), NEW: Counts()}, {OLD: Counts(), NEW: Counts()}
    samples = [Sampled(f"GET /{number}") for number in range(paths)]

    def signals() -> Signals:
        found = tuple((SignalSource("web", release, f"web-{release}-1"), each) for release, each in counts.items())
        preview = tuple((SignalSource("web", release, route=PREVIEW), each) for release, each in previewed.items())
        return Signals("1", now_s, found + preview)

    def failing(release: int, path: int = -1) -> bool:
        new = errors.new if path or errors.first_path is None else errors.first_path
        return chance.random() < (errors.old if release == OLD else new)

    observation = Observation([WEB], signals(), signals(), paths)
    while True:
        now_s += TICK_S
        for _ in range(sum(chance.random() < rate * TICK_S / 10 for _ in range(10))):
            release = chance.choice([OLD, NEW])
            counts[release] += Counts(1, failing(release))
        path = number % paths
        number += 1
        shares = {NEW: samples[path].new, OLD: samples[path].old or Share(0, 0)}
        for release, share in shares.items():
            failed = failing(release, path)
            shares[release] = Share(share.hits + failed, share.total + 1)
            previewed[release] += Counts(1, int(failed))
        samples[path] = Sampled(samples[path].request, shares[NEW], shares[OLD])
        verdict = observation.verdict(signals(), samples)
        over = now_s >= hold_s and verdict.result == "not worse"
        if verdict.result == "worse" or over or now_s >= max(LONGEST * hold_s, LONGEST_S):
            return Outcome(verdict, now_s)


def unchanged() -> Iterator[Outcome]:
    """Observe unchanged releases with different shares of errors, times, rates and numbers of paths."""
    chance = random.Random(12)
    for seed in range(UNCHANGED):
        same = chance.choice([0.0, 0.001, 0.02, 0.1])
        hold_s, rate = chance.choice([10, 20, 60]), chance.choice([0.0, USERS_A_SECOND, 1])
        yield observe(seed, Errors(same, same), hold_s=hold_s, rate=rate, paths=chance.choice([1, 3, 8]))
