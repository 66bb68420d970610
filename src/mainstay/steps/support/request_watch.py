"""Compares requests while a step observes new revisions, and sends synthetic ones while users send too few."""

from collections.abc import Mapping

from mainstay.drivers.world import RunWorld
from mainstay.errors import StepFailed, Unreachable
from mainstay.judging.comparisons import Compared
from mainstay.judging.observation import Observation
from mainstay.judging.verdict import FEWEST, FEWEST_SYNTHETIC, Verdict
from mainstay.model.synthetic import SyntheticRequests, WhenQuiet
from mainstay.steps.support import failure_text
from mainstay.steps.support.synthetic_run import SyntheticRun
from mainstay.text.parts import SEPARATOR

BEFORE_S = 60.0
"""Length in seconds of the period before an observation from which the old release's requests are taken if it gets
none during the observation."""
NOT_COUNTED = "requests are not being counted"


class RequestWatch:
    """Compares requests of the new revisions with those of the old ones, for the services in *compared* (may be empty).

    The comparison begins when the object is created. While users send too few requests, it sends the *synthetic* ones
    to both revisions. *when_quiet* has the setting of that name of each service, unless it is `hold`.
    """

    def __init__(
        self,
        world: RunWorld,
        compared: tuple[Compared, ...],
        synthetic: SyntheticRequests | None = None,
        when_quiet: Mapping[str, WhenQuiet] = {},
    ) -> None:
        self._world = world
        self._compared = compared
        self._when_quiet = when_quiet
        self._old = {each.service: each.old for each in compared if each.old is not None}
        self._synthetic = SyntheticRun(world, synthetic, {each.service: each.new for each in compared}, self._old)
        self._observation: Observation | None = None
        self.verdict = Verdict("undecided", NOT_COUNTED) if compared else Verdict("not worse", "")
        self.check()

    @property
    def may_end(self) -> bool:
        """Whether the observation may end: the verdict is `not worse`, or too few requests to compare may pass."""
        if self.verdict.result == "undecided" and self.verdict.quiet:
            return not self._waits_for
        return self.verdict.result == "not worse"

    @property
    def must_end(self) -> bool:
        """Whether the observation has to fail when its time is over: a service with `when_quiet: fail` has too few
        requests."""
        return any(self._when_quiet.get(service) == "fail" for service in self._waits_for)

    @property
    def _waits_for(self) -> list[str]:
        """The services that need more requests. A new service needs none, because it has no users yet."""
        return [each for each in self.verdict.quiet if each in self._old and self._when_quiet.get(each) != "pass"]

    @property
    def needs(self) -> str:
        """What must happen before the observation may end, as text; empty when it may."""
        if self.may_end:
            return ""
        if not self._waits_for:
            return "the result is not clear yet"
        return f"needs {', '.join(self._needed(each) for each in self._waits_for)}"

    def _needed(self, service: str) -> str:
        users = f"{FEWEST} requests to {service} ({self.verdict.quiet[service]} so far)"
        sent = self.verdict.synthetic.get(service, 0)
        return users + (f" or {FEWEST_SYNTHETIC} synthetic ones ({sent} so far)" if self._synthetic.sampled else "")

    @property
    def evidence(self) -> str:
        """The compared figures, to append to other evidence; empty when nothing is compared."""
        too_few = f", {self._too_few}" if self.verdict.quiet else ""
        return f"{SEPARATOR}{self.verdict.evidence}{too_few}" if self.verdict.evidence else ""

    @property
    def _too_few(self) -> str:
        """The words for too few requests, with the services if others are compared too."""
        names = f" {', '.join(self.verdict.quiet)}" if len(self._compared) > 1 else ""
        return f"too few requests to compare{names}"

    def check(self) -> None:
        """Update the verdict. It is `undecided` while nothing is counted. Raises StepFailed when it is `worse`."""
        if not self._compared:
            return
        try:
            now = self._world.target.signals()
            if self._observation is None:
                before, kinds = self._world.target.signals(BEFORE_S), len(self._synthetic.sampled)
                self._observation = Observation(self._compared, before, now, kinds)
        except Unreachable:
            self.verdict = Verdict("undecided", NOT_COUNTED)
            return
        if self.verdict.few:
            self._synthetic.send()
        self.verdict = self._observation.verdict(now, self._synthetic.sampled)
        if self.verdict.result == "worse":
            raise StepFailed(f"the new release is worse than the old one: {self.verdict.evidence}", remedy=self._remedy)

    def undecided(self, seconds: float) -> StepFailed:
        """Return the error of an observation that ends without a verdict after *seconds*."""
        if self.verdict.quiet:
            what = f"{self._too_few} after {seconds:.3g} s: {self.verdict.evidence}"
            return StepFailed(what, remedy=self._quiet_remedy)
        return StepFailed(f"undecided after {seconds:.3g} s: {self.verdict.evidence}", remedy=self._remedy)

    @property
    def _quiet_remedy(self) -> str:
        flow = (
            f"add a smoke flow with a GET that reaches {', '.join(self._waits_for)}, which Mainstay then sends itself"
        )
        return f"{flow}, or write strategy: {{when_quiet: pass}}"

    @property
    def _remedy(self) -> str:
        worse = next((each for each in self._compared if each.service == self.verdict.service), self._compared[0])
        # The access log has each response; a service may write nothing about those that fail.
        return failure_text.logs_of("edge", worse.new)
