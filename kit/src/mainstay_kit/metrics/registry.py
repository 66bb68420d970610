"""Metrics of a service: counters, gauges and histograms, and their Prometheus text."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import log2
from pathlib import Path

from mainstay_kit.errors import Misconfigured

from .cells import Cells
from .exposition import SUM, Family, Samples, number, render

SEPARATOR = "\t"
CONTROL_CHARACTERS = dict.fromkeys(range(32), " ")


class Registry:
    """The metric families of a service. With a *folder*, each process of the service reports the sums over all.

    Counters and histograms include processes that have ended; a gauge is the sum over those that are alive.
    """

    def __init__(self, folder: Path | None = None, *, generation: str | None = None) -> None:
        self._cells = Cells(folder, generation=generation)
        self._families: dict[str, Family] = {}

    def counter(self, name: str, documentation: str, **labels: str) -> "Counter":
        self._register(Family(name, "counter", documentation))
        return Counter(self._cells, self._cells.index(f"{name}{SEPARATOR}{_label_text(labels)}{SEPARATOR}"))

    def gauge(self, name: str, documentation: str, **labels: str) -> "Gauge":
        self._register(Family(name, "gauge", documentation))
        return Gauge(self._cells, self._cells.index(f"{name}{SEPARATOR}{_label_text(labels)}{SEPARATOR}"))

    def histogram(self, name: str, documentation: str, buckets: Iterable[float], **labels: str) -> "Histogram":
        family = Family(name, "histogram", documentation, tuple(buckets))
        self._register(family)
        start = f"{name}{SEPARATOR}{_label_text(labels)}{SEPARATOR}"
        parts = [*map(number, family.buckets), "+Inf", SUM]
        return Histogram(self._cells, family.buckets, [self._cells.index(start + part) for part in parts])

    def text(self) -> bytes:
        """Return all series in Prometheus' text format 0.0.4."""
        series_by_family: dict[str, dict[str, Samples]] = defaultdict(lambda: defaultdict(lambda: defaultdict(float)))
        for name, value, alive in self._cells.read():
            family, labels, part = name.split(SEPARATOR)
            if family in self._families and (alive or self._families[family].kind != "gauge"):
                series_by_family[family][labels][part] += value
        lines: list[str] = []
        for family in sorted(series_by_family):
            lines += render(self._families[family], series_by_family[family])
        return "".join(f"{line}\n" for line in lines).encode()

    def _register(self, family: Family) -> None:
        if self._families.setdefault(family.name, family) != family:
            raise Misconfigured(f"{family.name} is declared twice, differently", remedy="choose another name")


class Counter:
    """A number that only grows. It counts nothing when it got no cell because all were taken."""

    __slots__ = ("_cells", "_index")

    def __init__(self, cells: Cells, index: int | None) -> None:
        self._cells = cells
        self._index = index

    def inc(self, amount: float = 1.0) -> None:
        if self._index is not None:
            self._cells.values[self._index] += amount


class Gauge(Counter):
    __slots__ = ()

    def set(self, value: float) -> None:
        if self._index is not None:
            self._cells.values[self._index] = value


class Histogram:
    """The number of values up to each edge of its buckets, and their sum. It counts nothing if all cells were taken."""

    __slots__ = ("_buckets", "_cells", "_indexes", "_sum")

    def __init__(self, cells: Cells, buckets: Sequence[float], indexes: Sequence[int | None]) -> None:
        self._cells = cells
        self._buckets = buckets
        self._indexes = indexes[:-1]
        self._sum = indexes[-1]

    def observe(self, value: float) -> None:
        index = self._indexes[bisect_left(self._buckets, value)]
        if index is not None and self._sum is not None:
            values = self._cells.values
            values[index] += 1.0
            values[self._sum] += value


def buckets_for(*thresholds: float, lowest: float = 0.005) -> tuple[float, ...]:
    """Return bucket edges in seconds: one at each threshold, so that quantiles near it are exact, and others between.

    From *lowest* to four times the highest threshold, an edge is about twice the one before it.
    """
    wanted = sorted(set(thresholds))
    if not wanted or wanted[0] <= 0:
        raise Misconfigured(f"{wanted} are not thresholds", remedy="give the limits in seconds, all above 0")
    buckets = {lowest, wanted[-1] * 4, *wanted}
    low = lowest
    for high in [*wanted, wanted[-1] * 4]:
        steps = max(1, round(log2(high / low)))
        buckets |= {_rounded(low * (high / low) ** (step / steps)) for step in range(1, steps)}
        low = high
    return tuple(sorted(buckets))


def _label_text(labels: dict[str, str]) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())


def _escaped(text: str) -> str:
    """Return *text* as a label's value. Control characters become spaces: a tab separates the parts of cell names."""
    plain = text.encode("utf-8", "replace").decode().translate(CONTROL_CHARACTERS)
    return plain.replace("\\", r"\\").replace('"', r"\"")


def _rounded(value: float) -> float:
    return float(f"{value:.2g}")
