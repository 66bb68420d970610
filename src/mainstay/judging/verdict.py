"""The verdict on a new release: worse than the old one, not worse, or not decided yet; with its evidence."""

import math
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from mainstay.judging.sequential_test import Margin, Share, log_evidence, log_evidence_above

FALSE_ALARM = 0.0005
"""The highest chance (0 to 1) that an observation, over all its comparisons and however long it lasts, wrongly finds a
release worse. When the target's counters restart, the comparison restarts too, with this chance again."""
ERRORS = Margin(times=1.25, plus=0.0005)
SLOW = Margin(times=1.5, plus=0.01)
CLIENT_ERRORS = Margin(times=2, plus=0.05)
"""The margin for statuses from 400 to 499. It is wider than `ERRORS`: a release may rightly refuse more requests, but
not most of them."""
REDIRECTS = Margin(times=1, plus=0.5)
"""The margin for redirects: their share may grow by 50 percentage points, since each redirect leads to one more
request. If it grows by more, redirects lead to other redirects."""
FEWEST = 100
"""The verdict is `not worse` only after this many requests from users to each service of the new release, or after
`FEWEST_SYNTHETIC` synthetic ones."""
FEWEST_SYNTHETIC = 20
"""The verdict is `not worse` once this many synthetic requests have reached each release of every service, if no
comparison looks worse. A release that always fails is found worse within as many."""
SUSPICIOUS = math.log(20)
"""From this log evidence on, the verdict is `undecided` and no longer `not worse`."""
SUSPICIOUS_OF_FEW = math.log(3)
"""The same limit while users have sent fewer requests than `FEWEST`: low enough for three requests that all fail."""
MANY, GOOD = 1000, 0.001
"""From MANY requests on, a share of errors below GOOD (0 to 1) is never worse, whatever the old release had."""
BAD = 0.01
"""The largest share of failed requests (0 to 1) that is not worse for a new service, which replaces nothing."""

Result = Literal["worse", "not worse", "undecided"]


class Verdict(NamedTuple):
    """The verdict on a new release after the requests so far, with the figures as text."""

    result: Result
    evidence: str
    quiet: Mapping[str, int] = {}
    """Per service with too few requests to compare, synthetic ones included, how many its users sent; empty unless the
    verdict is `undecided` only for this reason."""
    service: str = ""
    """The service whose requests show that the release is worse; empty: it is not, or synthetic requests show it."""
    few: bool = False
    """Whether users' requests are too few, so that synthetic ones add to the evidence."""
    synthetic: Mapping[str, int] = {}
    """Per service, how many synthetic requests reached each of its two releases, also by a call of another service."""


class Comparison(NamedTuple):
    """The shares of requests with a property, such as having failed, in the new release and in the old one."""

    evidence: str
    """The figures as text."""
    new: Share
    old: Share | None = None
    """The share in the old release; None: nothing is replaced, so `new` is compared with `BAD`."""
    margin: Margin = ERRORS
    service: str = ""
    """The service that got the requests; empty for synthetic ones, which may lead to several."""
    suspicious: float = SUSPICIOUS
    """The log evidence from which the verdict is `undecided` and no longer `not worse`."""
    largest_evidence: float = math.inf
    """The upper limit of `log_evidence`, for a comparison that alone must not decide."""

    @property
    def log_evidence(self) -> float:
        """The natural logarithm of the evidence that the new release is worse; 0: no evidence."""
        return min(self.largest_evidence, self._log_evidence)

    @property
    def _log_evidence(self) -> float:
        if self.old is None:
            return log_evidence_above(BAD, self.new)
        if self.margin == ERRORS and self.new.total >= MANY and self.new.hits < GOOD * self.new.total:
            return 0.0
        return log_evidence(self.old, self.new, self.margin)

    @property
    def exceeds_limit(self) -> bool:
        """Whether the new share is larger than the largest one that is not worse. With few requests that may be chance.

        Without requests to an old release, that limit is the margin's `plus`, or `BAD` if that is larger.
        """
        if self.old is None or not self.old.total:
            return self.new.hits > max(BAD, self.margin.plus) * self.new.total
        return self.new.hits > self.margin.limit(self.old.hits / self.old.total) * self.new.total

    @property
    def looks_worse(self) -> bool:
        """Whether the new share exceeds its limit, so that the verdict on a service with few users has to wait.

        False for redirects and statuses from 400 to 499: every release has some, and few requests may all be such ones.
        """
        return self.exceeds_limit and self.margin not in (CLIENT_ERRORS, REDIRECTS)

    @property
    def mostly_failed(self) -> bool:
        """Whether more than half of the requests failed, and at least two: too many for the verdict `not worse`."""
        return self.margin == ERRORS and self.looks_worse and 1 < self.new.hits > self.new.total / 2


def judge(
    comparisons: Sequence[Comparison],
    *,
    most_comparisons: int,
    quiet: Mapping[str, int],
    synthetic: Mapping[str, int],
    summary: str,
) -> Verdict:
    """Return the verdict on all *comparisons*.

    *most_comparisons* is the most that the observation may make; each has an equal part of the chance of a false
    alarm. *quiet* are the services whose users sent fewer requests than `FEWEST`, with the number of requests,
    *synthetic* has the number of synthetic requests per service, as in `Verdict`, and *summary* all figures as text.
    """
    strongest = max(comparisons, key=lambda each: each.log_evidence)
    if strongest.log_evidence >= limit(most_comparisons):
        return Verdict("worse", strongest.evidence, service=strongest.service)
    few = {service for service in quiet if synthetic.get(service, 0) < FEWEST}
    if looks_worse := [each for each in _of_few(comparisons, few) if each.looks_worse]:
        return Verdict("undecided", looks_worse[0].evidence)
    if mostly_failed := [each for each in comparisons if each.service in quiet and each.mostly_failed]:
        return Verdict("undecided", mostly_failed[0].evidence)
    if suspicious := [each for each in comparisons if each.log_evidence >= each.suspicious]:
        return Verdict("undecided", max(suspicious, key=lambda each: each.log_evidence).evidence)
    if unknown := {each: users for each, users in quiet.items() if synthetic.get(each, 0) < FEWEST_SYNTHETIC}:
        return Verdict("undecided", summary, unknown)
    return Verdict("not worse", summary)


def _of_few(comparisons: Sequence[Comparison], few: Container[str]) -> Iterator[Comparison]:
    """Yield the comparisons of replaced services in *few*, and those of synthetic requests while these are few."""
    sent = max((each.new.total for each in comparisons if not each.service), default=0)
    for each in comparisons:
        if (each.service in few and each.old is not None) if each.service else sent < FEWEST:
            yield each


def limit(most_comparisons: int) -> float:
    """Return the log evidence from which a release is worse, when *most_comparisons* may be made."""
    return math.log(most_comparisons / FALSE_ALARM)


def failed_text(about: str, new: Share, old: Share | None) -> str:
    """Return failed shares of requests as text: `web@42: 0.3 % of 4,210 requests failed against 0.2 % of 79,800`."""
    return shares_text(about, new, "failed", old)


def shares_text(about: str, new: Share, what: str, old: Share | None) -> str:
    """Return two shares as text. *about* is the release, instance or request; *what* is what the requests did or met.

    The old share is left out without requests to an old release.
    """
    if not new.total:
        return f"{about}: no requests"
    against = f" against {old.percent:.3g} % of {old.total:,}" if old and old.total else ""
    return f"{about}: {new.percent:.3g} % of {new.total:,} requests {what}{against}"
