"""The comparison of requests during an observation."""

from mainstay.drivers.world import World
from mainstay.errors import StepFailed, Unreachable
from mainstay.judging.observation import Compared, Observation
from mainstay.judging.verdict import Verdict
from mainstay.steps.support import failure_text

BEFORE_S = 60.0
"""Seconds before an observation, whose requests are compared if the old release gets none during it."""
NOT_COUNTED = "requests are not being counted"


class RequestWatch:
    """Compares the requests of new revisions with those of old ones, since its creation. *compared* may be empty."""

    def __init__(self, world: World, compared: tuple[Compared, ...]) -> None:
        self._world = world
        self._compared = compared
        self._observation: Observation | None = None
        self.verdict = Verdict("undecided", NOT_COUNTED) if compared else Verdict("not worse", "")
        self.check()

    @property
    def may_end(self) -> bool:
        """Whether the observation may end: the verdict is `not worse`, or there were too few requests to compare."""
        return self.verdict.result == "not worse" or self.verdict.quiet

    @property
    def evidence(self) -> str:
        """The compared figures, to append to other evidence; empty when nothing is compared."""
        too_few = ", too few requests to compare" if self.verdict.quiet else ""
        return f"; {self.verdict.evidence}{too_few}" if self.verdict.evidence else ""

    def check(self) -> None:
        """Update the verdict. It is `undecided` while nothing is counted. Raises StepFailed when it is `worse`."""
        if not self._compared:
            return
        try:
            now = self._world.target.signals()
            if self._observation is None:
                self._observation = Observation(self._compared, self._world.target.signals(BEFORE_S), now)
        except Unreachable:
            self.verdict = Verdict("undecided", NOT_COUNTED)
            return
        self.verdict = self._observation.verdict(now)
        if self.verdict.result == "worse":
            raise StepFailed(f"the new release is worse than the old one: {self.verdict.evidence}", remedy=self._remedy)

    def undecided(self, seconds: float) -> StepFailed:
        """Return the error of an observation that ends without a verdict after *seconds*."""
        return StepFailed(f"undecided after {seconds:g} s: {self.verdict.evidence}", remedy=self._remedy)

    @property
    def _remedy(self) -> str:
        first = self._compared[0]
        return failure_text.logs_of(first.service, first.new)
