"""Prometheus' text format 0.0.4 for a family of series."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
SUM = "sum"
Samples = dict[str, float]


@dataclass(frozen=True, slots=True)
class Family:
    """A metric's name, kind, help and, for a histogram, the edges of its buckets."""

    name: str
    kind: str
    documentation: str
    buckets: tuple[float, ...] = ()


def render(family: Family, series: Mapping[str, Samples]) -> list[str]:
    """Return the lines of *family*. The buckets of *series* hold separate counts; those of the text are cumulative."""
    help_text = family.documentation.replace("\\", r"\\").replace("\n", r"\n")
    lines = [f"# HELP {family.name} {help_text}", f"# TYPE {family.name} {family.kind}"]
    for labels in sorted(series):
        samples = series[labels]
        if family.kind != "histogram":
            lines.append(f"{family.name}{{{labels}}} {number(samples[''])}")
            continue
        parts = [*map(number, family.buckets), "+Inf"]
        comma = "," if labels else ""
        for part, count in zip(parts, accumulate(samples[part] for part in parts), strict=True):
            lines.append(f'{family.name}_bucket{{{labels}{comma}le="{part}"}} {number(count)}')
        lines.append(f"{family.name}_sum{{{labels}}} {number(samples[SUM])}")
        lines.append(f"{family.name}_count{{{labels}}} {number(count)}")
    return lines


def number(value: float) -> str:
    return f"{value:.12g}"
