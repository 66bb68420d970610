"""Streams of requests for simulations: the counters of an old and a new release, second by second."""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mainstay.model.signals import LATE_S, Counts, Latency, Signals, SignalSource, bucket_of

OLD, NEW = 41, 42


def usual_ms(normal: float, uniform: float) -> float:
    """Return the time of a request: 40 ms in the middle, 91 ms at p95."""
    return 40 * math.exp(0.5 * normal)


@dataclass
class Behaviour:
    """How a release answers: the shares of errors, and the time of a request for two random numbers."""

    errors: float = 0.0
    time_ms: Callable[[float, float], float] = usual_ms
    client_errors: float = 0.0
    redirects: float = 0.0
    hangs: float = 0.0
    """The share of requests that are never answered, and so in no other figure."""


@dataclass
class Stream:
    """Requests at `rate` a second, of which `share` (0 to 1) reach the new release, which has `instances`."""

    chance: random.Random
    rate: float
    share: float
    old: Behaviour
    new: Behaviour
    instances: int = 1
    sick: Behaviour | None = None
    """The behaviour of the first instance, if it differs."""
    outage: Callable[[int], float] = lambda second: 0.0
    """The share of requests that fail in a second, whatever the release: a dependency is down."""
    slowdown: Callable[[int], float] = lambda second: 1.0
    """How many times as long requests take in a second, whatever the release: the machine is busy."""
    pauses: range = range(0)
    """The seconds in which requests to the new release take ten times as long."""

    def signals(self, seconds: int) -> Iterator[Signals]:
        """Yield the counters at the end of each second, the first ones before any request."""
        counters: dict[SignalSource, Counts] = {}
        yield Signals("1", 0.0)
        for second in range(seconds):
            for release, share, instances in ((OLD, 1 - self.share, 1), (NEW, self.share, self.instances)):
                for number in range(instances):
                    source = SignalSource("web", release, f"web-{release}-{number}")
                    requests = self._arrivals(self.rate * share / instances)
                    new = self._counts(
                        requests,
                        self._behaviour(release, number),
                        second,
                        paused=release == NEW and second in self.pauses,
                    )
                    counters[source] = counters.get(source, Counts()) + new
            yield Signals("1", second + 1.0, tuple(counters.items()))

    def _behaviour(self, release: int, number: int) -> Behaviour:
        if release == OLD:
            return self.old
        return self.sick if self.sick and number == 0 else self.new

    def _counts(self, requests: int, behaviour: Behaviour, second: int, *, paused: bool) -> Counts:
        buckets: dict[int, int] = {}
        outage, slowdown = self.outage(second), self.slowdown(second) * (10 if paused else 1)
        errors = client_errors = redirects = late = 0
        for _ in range(requests):
            if self.chance.random() < behaviour.hangs:
                late += 1
                continue
            errors += self.chance.random() < max(behaviour.errors, outage)
            client_errors += self.chance.random() < behaviour.client_errors
            redirects += behaviour.redirects > 0 and self.chance.random() < behaviour.redirects
            milliseconds = slowdown * behaviour.time_ms(self.chance.gauss(0, 1), self.chance.random())
            late += milliseconds > 1000 * LATE_S
            bucket = bucket_of(milliseconds)
            buckets[bucket] = buckets.get(bucket, 0) + 1
        return Counts(
            sum(buckets.values()),
            errors,
            latency=Latency(buckets),
            client_errors=client_errors,
            redirects=redirects,
            late=late,
        )

    def _arrivals(self, mean: float) -> int:
        """Return how many requests arrive within one second, when *mean* do on average."""
        count, at = 0, self.chance.expovariate(mean) if mean else 2.0
        while at < 1:
            count += 1
            at += self.chance.expovariate(mean)
        return count
