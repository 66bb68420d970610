"""The step that watches new revisions with traffic, and compares their errors and times with those of the old ones."""

import msgspec

from mainstay.drivers.world import RunWorld, World
from mainstay.errors import StepFailed
from mainstay.judging.comparisons import Compared
from mainstay.model import Instance, Revision, Traffic
from mainstay.model.synthetic import SyntheticRequests, WhenQuiet
from mainstay.steps.set_traffic import same
from mainstay.steps.step import Look, Step
from mainstay.steps.support import failure_text, fleet_state
from mainstay.steps.support.request_watch import RequestWatch
from mainstay.steps.support.step_figures import StepFigures
from mainstay.text.parts import SEPARATOR

LONGEST, LONGEST_S = 3, 60.0
"""An observation that is undecided after LONGEST times its `for_s`, and after at least LONGEST_S seconds, fails. In a
minute, Mainstay can send the synthetic requests that a verdict needs."""
EACH_SERVICE_S = 15.0
"""An undecided observation fails no earlier than after this many seconds for each compared service, because each needs
synthetic requests of its own."""
EXTENDED_EACH_S = 1.0
"""Seconds between two checks of an observation that lasts longer than `for_s`."""

Counts = dict[str, dict[int, int]]
"""Per service and release number of its new revision, how many instances must be ready."""


class Observe(Step, frozen=True, kw_only=True, tag="observe"):
    """Watch the new revisions of a stage for `for_s` seconds.

    Fails when an instance restarts, fails or becomes unready, when traffic was reverted, and when the requests show
    that a revision is worse than the one that it replaces. Without a verdict, the step fails after `LONGEST` times
    `for_s` or `LONGEST_S` seconds, whichever is longer, unless `when_quiet` ends it earlier. While users send too few
    requests, it sends the `synthetic` ones.
    """

    watched: Counts
    traffic: Traffic
    for_s: float
    replaced: dict[str, int | None] = msgspec.field(default_factory=dict)
    """Per service whose requests are compared, the release number of its old revision; None: the service is new."""
    synthetic: SyntheticRequests | None = None
    when_quiet: dict[str, WhenQuiet] = msgspec.field(default_factory=dict)
    """Per service whose setting `when_quiet` is not `hold`: what to do when there are too few requests to compare."""

    @property
    def title(self) -> str:
        lasts = f" for {self.for_s:g} s" if self.for_s else ""
        return f"Observe {revisions(self.watched)}{lasts}{self._quiet}"

    @property
    def _quiet(self) -> str:
        """The part of the title on what happens when there are too few requests; empty if that is `hold`."""
        settings = sorted(set(self.when_quiet.values())) if self.for_s else []
        return "".join(f"; {each} when quiet" for each in settings)

    def do(self, world: RunWorld) -> str:
        before = {one.id: one.restarts for one in _new(world, self.watched)}
        requests = RequestWatch(world, self._compared() if self.for_s else (), self.synthetic, self.when_quiet)

        figures, began = StepFigures(world), world.clock.monotonic()

        def check() -> None:
            self._check(world, before)
            requests.check()
            lasted = world.clock.monotonic() - began
            if lasted < self.for_s or not (requests.may_end or requests.must_end or lasted >= self._longest_s):
                figures.update(self._figures(requests, lasted), result=requests.verdict.result)

        world.waiter.pause_checking(self.for_s, check)
        while not requests.may_end:
            lasted = world.clock.monotonic() - began
            if requests.must_end or lasted >= self._longest_s:
                raise requests.undecided(lasted)
            world.waiter.pause_checking(EXTENDED_EACH_S, check)
        wanted = sum(count for releases in self.watched.values() for count in releases.values())
        return f"{wanted} of {wanted} ready, none restarted{requests.evidence}"

    def look(self, world: World) -> Look:
        # An interrupted observation covers only a part of the time, so it starts from zero.
        return Look.ABSENT

    def undo(self, world: RunWorld) -> str:
        return "nothing to undo"

    @property
    def _longest_s(self) -> float:
        """Seconds after which the step fails if it is still undecided."""
        return max(LONGEST * self.for_s, LONGEST_S, EACH_SERVICE_S * len(self.replaced))

    def _figures(self, requests: RequestWatch, lasted: float) -> str:
        """Return the time left after *lasted* seconds, what the step still needs, and the compared figures."""
        left = f"{_seconds(self.for_s - lasted)} s left"
        if lasted >= self.for_s:
            left = f"up to {_seconds(self._longest_s - lasted)} s more"
        return SEPARATOR.join(filter(None, (left, requests.needs, requests.verdict.evidence)))

    def _compared(self) -> tuple[Compared, ...]:
        found = []
        for service, old in self.replaced.items():
            side_by_side = old is not None and self.traffic[service].get(old, 0) > 0
            ((new, instances),) = self.watched[service].items()
            found.append(Compared(service, old, new, instances, side_by_side))
        return tuple(found)

    def _check(self, world: World, before: dict[str, int]) -> None:
        """Raise StepFailed when an instance fails or restarts, or traffic was reverted. *before*: earlier restarts."""
        now = _new(world, self.watched)
        for one in now:
            if one.state == "failed" or one.restarts > before.get(one.id, 0):
                what = "failed" if one.state == "failed" else "restarted while it was observed"
                raise StepFailed(
                    f"{one.id} {what}{failure_text.end_of(world, one)}",
                    remedy=failure_text.logs_of(one.service, one.release),
                )
        for service, releases in self.watched.items():
            of = tuple(one for one in now if one.service == service)
            for release, count in releases.items():
                there = fleet_state.count_ready(of, release)
                if there < count:
                    what = f"{Revision(service, release)}: {there} of {count} ready"
                    raise StepFailed(what, remedy=failure_text.logs_of(service, release))
        _served(world, self.traffic)


def _seconds(left: float) -> int:
    return max(1, round(left))


def revisions(watched: Counts) -> str:
    """Return the revisions as text: `api@42, web@42`."""
    return ", ".join(str(Revision(name, release)) for name, releases in watched.items() for release in releases)


def _new(world: World, watched: Counts) -> tuple[Instance, ...]:
    every = world.target.fleet_status().instances
    return tuple(one for one in every if one.release in watched.get(one.service, {}))


def _served(world: World, traffic: Traffic) -> None:
    """Raise StepFailed when traffic was reverted, as happens when the machine was suspended during the run."""
    serving = world.target.traffic_status()
    if serving.reverted or not same(serving.wanted, traffic):
        raise StepFailed(
            "traffic was reverted automatically, because the run sent no heartbeat in time", remedy="mainstay deploy"
        )
