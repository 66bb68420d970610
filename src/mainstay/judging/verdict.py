"""The verdict on a new release: worse than the old one, not worse, or not decided yet; with its evidence."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from mainstay.judging.sequential_test import Margin, Share, log_evidence, log_evidence_above

FALSE_ALARM = 0.0005
"""The chance that a release that is not worse is ever found worse, over everything that is compared in one observation,
however long it takes. It begins again when the counting of requests does."""
ERRORS = Margin(times=1.25, plus=0.0005)
SLOW = Margin(times=1.5, plus=0.01)
FEWEST = 100
"""Requests of the new release without which it is never found not worse."""
SUSPICIOUS = math.log(20)
"""Evidence from which a release is not found good, although it is not found worse either."""
MANY, GOOD = 1000, 0.001
"""From this many requests on, a smaller share of errors is never worse, however good the old release was."""
BAD = 0.01
"""The share of errors that a first release, which replaces nothing, may have."""

Result = Literal["worse", "not worse", "undecided"]


class Verdict(NamedTuple):
    """What the requests so far show."""

    result: Result
    evidence: str
    quiet: bool = False
    """There are too few requests to compare, and none of them speaks against the new release."""


class Comparison(NamedTuple):
    """A property of requests, such as to fail, in the new release and in the old one."""

    evidence: str
    """The figures as text."""
    new: Share
    old: Share | None = None
    """None: nothing is replaced, so `new` is compared with `BAD`."""
    margin: Margin = ERRORS

    @property
    def log_evidence(self) -> float:
        """The natural logarithm of the evidence that the new release is worse; 0: none."""
        if self.old is None:
            return log_evidence_above(BAD, self.new)
        if self.margin == ERRORS and self.new.total >= MANY and self.new.hits < GOOD * self.new.total:
            return 0.0
        return log_evidence(self.old, self.new, self.margin)

    @property
    def looks_worse(self) -> bool:
        """Whether the new share is beyond the limit, which may still be chance."""
        if self.old is None or not self.old.total:
            return self.new.hits > BAD * self.new.total
        return self.new.hits > self.margin.limit(self.old.hits / self.old.total) * self.new.total


def judge(comparisons: Sequence[Comparison], *, most: int, fewest_requests: int, summary: str) -> Verdict:
    """Return the verdict on everything that is compared so far.

    *most* is the number of comparisons that the observation may make; each has an equal part of the chance of a false
    alarm. *fewest_requests* is the number of requests of the service that had the fewest, *summary* the figures of all.
    """
    strongest = max(comparisons, key=lambda each: each.log_evidence)
    if strongest.log_evidence >= math.log(most / FALSE_ALARM):
        return Verdict("worse", strongest.evidence)
    if fewest_requests < FEWEST:
        looks_worse = next((each.evidence for each in comparisons if each.looks_worse), "")
        return Verdict("undecided", looks_worse or summary, quiet=not looks_worse)
    if strongest.log_evidence >= SUSPICIOUS:
        return Verdict("undecided", strongest.evidence)
    return Verdict("not worse", summary)
