"""How many requests a verdict needs, and how often it is wrong, beside two usual methods on the same streams.

`python -m benchmarks.verdict` prints the table of `docs/explanation/verdict.md` and writes
`benchmarks/results/verdict.json`. The streams are simulated with fixed seeds, so the figures do not depend on the
machine.
"""

import math
import random
import statistics
from collections import deque
from collections.abc import Callable, Iterator

from benchmarks.machine import write
from mainstay.judging.comparisons import Compared
from mainstay.judging.observation import Observation
from mainstay.model.signals import Counts, Signals
from tests.judging.stream import NEW, OLD, Behaviour, Stream, usual_ms

RATE, SHARE = 100.0, 0.5
LONGEST_S = 900
UNCHANGED_S = 180
STREAMS, UNCHANGED = 40, 200
THRESHOLD, WINDOW_S = 0.01, 60
"""The fixed threshold: more than 1 % of errors within the last minute."""
LEVEL, EACH_S = 0.01, 10
"""Mann–Whitney: p below 1 %, computed every 10 s on all requests so far."""

Method = Callable[[Iterator[Signals]], int | None]
"""Returns the requests of the new release until it is found worse; None: it is not."""

WORSE = {
    "2 % errors instead of 1 %": (Behaviour(0.01), Behaviour(0.02)),
    "5 % errors instead of 1 %": (Behaviour(0.01), Behaviour(0.05)),
    "0.5 % errors instead of 0.1 %": (Behaviour(0.001), Behaviour(0.005)),
    "all times + 50 %": (Behaviour(0.001), Behaviour(0.001, lambda normal, uniform: 1.5 * usual_ms(normal, uniform))),
}
SAME = {
    "unchanged, 0.1 % errors": Behaviour(0.001),
    "unchanged, 1 % errors": Behaviour(0.01),
}


def main() -> None:
    measured: dict[str, dict[str, object]] = {}
    for name, (old, new) in WORSE.items():
        measured[name] = {method: needed(find, old, new) for method, find in METHODS.items()}
    for name, same in SAME.items():
        measured[name] = {method: alarms(find, same) for method, find in METHODS.items()}
    print("\n".join(table(measured)))
    write("verdict", {"measured": measured})


def needed(find: Method, old: Behaviour, new: Behaviour) -> dict[str, object]:
    """Return the median and the 90 % quantile of the requests until the new release is found worse."""
    found = [find(Stream(random.Random(seed), RATE, SHARE, old, new).signals(LONGEST_S)) for seed in range(STREAMS)]
    counts = sorted(each if each is not None else math.inf for each in found)
    p50, p90 = statistics.median(counts), counts[math.ceil(0.9 * len(counts)) - 1]
    return {"p50": p50 if math.isfinite(p50) else None, "p90": p90 if math.isfinite(p90) else None}


def alarms(find: Method, same: Behaviour) -> dict[str, object]:
    """Return the percentage of unchanged releases that are found worse within three minutes."""
    streams = (Stream(random.Random(seed), RATE, SHARE, same, same) for seed in range(UNCHANGED))
    found = sum(find(stream.signals(UNCHANGED_S)) is not None for stream in streams)
    return {"percent": 100 * found / UNCHANGED}


def by_mainstay(stream: Iterator[Signals]) -> int | None:
    start = next(stream)
    observation = Observation([Compared("web", OLD, NEW)], start, start)
    for now in stream:
        if observation.verdict(now).result == "worse":
            return of(now, NEW).requests
    return None


def by_threshold(stream: Iterator[Signals]) -> int | None:
    window: deque[Counts] = deque(maxlen=WINDOW_S + 1)
    for now in stream:
        window.append(of(now, NEW))
        recent = window[-1] - window[0]
        if len(window) > WINDOW_S and recent.errors > THRESHOLD * recent.requests:
            return window[-1].requests
    return None


def by_ranks(stream: Iterator[Signals]) -> int | None:
    for second, now in enumerate(stream):
        if second and second % EACH_S == 0 and mann_whitney(of(now, OLD), of(now, NEW)) < LEVEL:
            return of(now, NEW).requests
    return None


METHODS: dict[str, Method] = {"Mainstay": by_mainstay, "fixed threshold": by_threshold, "Mann–Whitney": by_ranks}


def of(signals: Signals, release: int) -> Counts:
    return sum((counts for source, counts in signals.counts if source.release == release), Counts())


def mann_whitney(old: Counts, new: Counts) -> float:
    """Return the one-sided p-value for "new times are longer", by the normal approximation with ties."""
    few, many = new.latency.count, old.latency.count
    rank, ranks, ties = 0.0, 0.0, 0.0
    for bucket in sorted(old.latency.buckets.keys() | new.latency.buckets.keys()):
        mine, all_of = new.latency.buckets.get(bucket, 0), 0
        all_of = mine + old.latency.buckets.get(bucket, 0)
        ranks += mine * (rank + (all_of + 1) / 2)
        rank += all_of
        ties += all_of**3 - all_of
    total = few + many
    if few == 0 or many == 0:
        return 1.0
    mean = few * (total + 1) / 2
    variance = few * many / 12 * (total + 1 - ties / (total * (total - 1)))
    return 0.5 * math.erfc((ranks - mean) / math.sqrt(2 * variance)) if variance > 0 else 1.0


def table(measured: dict[str, dict[str, object]]) -> Iterator[str]:
    """Yield the table in Markdown."""
    yield f"| the new release | {' | '.join(METHODS)} |"
    yield "|---|" + "---:|" * len(METHODS)
    for name, methods in measured.items():
        yield f"| {name} | {' | '.join(map(cell, methods.values()))} |"


def cell(figures: object) -> str:
    assert isinstance(figures, dict)
    if "percent" in figures:
        return f"{figures['percent']:g} % rolled back"
    p50, p90 = (f"{each:,.0f}" if each is not None else "never" for each in (figures["p50"], figures["p90"]))
    return "never" if p50 == "never" else f"{p50} ({p90})"


if __name__ == "__main__":
    main()
