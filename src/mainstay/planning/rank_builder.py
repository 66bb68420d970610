"""Ranks: the steps of one rank run in parallel, ranks run one after the other."""

from collections.abc import Iterable

from mainstay.steps.step import Step

Rank = tuple[Step, ...]
Ranks = tuple[Rank, ...]


def rank_of(steps: Iterable[Step | None]) -> Ranks:
    """Return one rank of *steps*; none if there are no steps."""
    rank = tuple(step for step in steps if step is not None)
    return (rank,) if rank else ()
