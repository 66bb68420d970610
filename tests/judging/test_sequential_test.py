"""The sequential test: its evidence equals a direct calculation, and is rarely large when nothing is worse."""

import math
import random
from itertools import pairwise

import pytest

from mainstay.judging.sequential_test import Margin, Share, log_evidence, log_evidence_above

MARGIN = Margin(1.25, 0.0005)
EQUAL = Margin(1.0, 0.0)


def likelihood(share: Share, at: float) -> float:
    return float(at**share.hits * (1 - at) ** (share.total - share.hits))


def average(share: Share) -> float:
    """The average likelihood under the two priors, by integration over the quantiles of a fine grid in sin²."""
    steps = 20_000
    angles = [(step + 0.5) / steps * math.pi / 2 for step in range(steps)]
    found: list[float] = []
    for hits, misses in ((0.5, 0.5), (0.5, 50.0)):
        weights = [math.sin(a) ** (2 * hits - 1) * math.cos(a) ** (2 * misses - 1) for a in angles]
        values = [likelihood(share, math.sin(a) ** 2) for a in angles]
        found.append(sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights))
    return sum(found) / len(found)


def largest(old: Share, new: Share, margin: Margin) -> float:
    """The largest likelihood of a new share that is not worse, from a grid of old shares."""
    grid = [step / 4000 for step in range(4001)]
    return max(likelihood(old, at) * likelihood(new, margin.limit(at)) for at in grid)


@pytest.mark.parametrize("margin", [MARGIN, EQUAL], ids=["with a margin", "without"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (Share(0, 20), Share(9, 20)),
        (Share(3, 60), Share(14, 40)),
        (Share(0, 5), Share(5, 5)),
        (Share(1, 100), Share(4, 7)),
        (Share(10, 20), Share(29, 30)),
    ],
)
def test_the_evidence_equals_a_direct_calculation(old: Share, new: Share, margin: Margin) -> None:
    direct = math.log(average(old) * average(new) / largest(old, new, margin))
    assert log_evidence(old, new, margin) == pytest.approx(max(0.0, direct), abs=0.01)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (Share(0, 0), Share(10, 10)),
        (Share(0, 10), Share(0, 0)),
        (Share(0, 10), Share(0, 10)),
        (Share(100, 1000), Share(124, 1000)),
        (Share(1000, 1000), Share(1000, 1000)),
    ],
)
def test_there_is_no_evidence_without_requests_or_within_the_margin(old: Share, new: Share) -> None:
    assert log_evidence(old, new, MARGIN) == 0


def test_more_of_the_same_is_more_evidence() -> None:
    found = [log_evidence(Share(size, 1000 * size), Share(20 * size, 1000 * size), MARGIN) for size in (1, 2, 5, 10)]
    assert all(less < more for less, more in pairwise(found))


def test_huge_counts_are_no_problem() -> None:
    assert log_evidence(Share(10**6, 10**9), Share(5 * 10**6, 10**9), MARGIN) > 1000
    assert log_evidence(Share(10**6, 10**9), Share(10**6, 10**9), MARGIN) == 0


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.001, 0.02, 0.3])
def test_the_evidence_is_rarely_large_while_nothing_is_worse(share: float) -> None:
    """Of 2,000 streams that are looked at after each request, at most one in twenty ever reaches evidence of 20."""
    chance, alarms = random.Random(7), 0
    for _ in range(2000):
        hits, total = [0, 0], [0, 0]
        for _ in range(150):
            which = chance.random() < 0.3
            total[which] += 1
            hits[which] += chance.random() < share
            if log_evidence(Share(hits[0], total[0]), Share(hits[1], total[1]), EQUAL) >= math.log(20):
                alarms += 1
                break
    assert alarms <= 2000 / 20


def test_a_share_above_a_fixed_limit_is_found() -> None:
    assert log_evidence_above(0.01, Share(1, 100)) == 0
    assert log_evidence_above(0.01, Share(10, 100)) > log_evidence_above(0.01, Share(5, 100)) > 0
