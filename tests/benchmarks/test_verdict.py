"""The tables of the explanation are the committed results of the benchmarks, and their other methods are right."""

import json
from collections.abc import Callable, Iterator

import pytest

from benchmarks import quiet_verdict, verdict
from benchmarks.machine import RESULTS
from benchmarks.verdict import mann_whitney
from mainstay.model.signals import Counts, Latency

PAGE = RESULTS.parents[1] / "docs/explanation/verdict.md"


@pytest.mark.parametrize(
    ("name", "table"), [("verdict", verdict.table), ("quiet_verdict", quiet_verdict.table)], ids=["verdict", "quiet"]
)
def test_the_page_shows_the_committed_figures(
    name: str, table: Callable[[dict[str, dict[str, object]]], Iterator[str]]
) -> None:
    measured = json.loads((RESULTS / f"{name}.json").read_text())["measured"]
    assert "\n".join(table(measured)) in PAGE.read_text()


def times(**buckets: int) -> Counts:
    return Counts(latency=Latency({int(name[1:]): count for name, count in buckets.items()}))


def test_the_test_of_ranks_is_that_of_the_literature() -> None:
    """1 2 3 4 5 against 3 5 6 7 8: U = 22 of 25, z = 2.00 with two ties."""
    old, new = times(b1=1, b2=1, b3=1, b4=1, b5=1), times(b3=1, b5=1, b6=1, b7=1, b8=1)
    assert mann_whitney(old, new) == pytest.approx(0.0229, abs=0.0001)
    assert mann_whitney(old, old) == 0.5
    assert mann_whitney(Counts(), new) == 1.0
