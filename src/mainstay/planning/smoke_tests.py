"""The smoke tests of a deploy: through the preview door before new revisions get traffic, and through the front door
after the last change of traffic and of the edge."""

from collections.abc import Iterator

import msgspec

from mainstay.model import Release
from mainstay.model.flow import Flows, SmokeWrites
from mainstay.model.http import EntranceName
from mainstay.planning.plan import Phase
from mainstay.planning.rollout import Rollout
from mainstay.planning.stage_change import StageChange
from mainstay.steps.smoke import Smoke


class SmokeTests(msgspec.Struct, frozen=True):
    """The smoke flows of a system. `writes`: the doors through which the flows run that change data."""

    flows: Flows = ()
    writes: SmokeWrites = "front"

    @property
    def before_traffic(self) -> Flows:
        """The flows that run through the preview door."""
        return tuple(flow for flow in self.flows if self.writes == "preview" or not flow.writes)


def preview_steps(tests: SmokeTests, stages: tuple[StageChange, ...], release: Release) -> tuple[Smoke | None, ...]:
    """Return the smoke test of each stage; None for a stage in which no new revision starts, or without flows.

    A first release has no test through the preview door, because there are no users yet whom the test could protect.
    """
    flows, tested = tests.before_traffic, dict[str, int]()
    steps: list[Smoke | None] = []
    for stage in stages:
        new = _new_revisions(stage)
        needed = flows and stage.rollout.before and not new.items() <= tested.items()
        steps.append(_smoke(flows, "preview", new, release) if needed else None)
        tested |= new
    return tuple(steps)


def verify_phase(tests: SmokeTests, stages: tuple[StageChange, ...], release: Release, *, edge_changes: bool) -> Phase:
    """Return the phase that runs all flows through the front door after the last change of traffic and of the edge.

    It has no steps if there are no flows or no edge, or if no revision is new and the edge stays (*edge_changes*).
    """
    new = _new_revisions(stages[-1]) if stages else {}
    if not (tests.flows and release.edge and (new or edge_changes)):
        return Phase("verify", ())
    return Phase("verify", ((_smoke(tests.flows, "front", new, release),),))


def notes_on_calls(tests: SmokeTests, rollout: Rollout) -> Iterator[str]:
    """Yield a note if the smoke tests before traffic cover a new revision that other services call.

    Their calls reach the new revision only if the caller forwards the preview header. Otherwise the tests cannot find
    its faults.
    """
    replaced = [change.service for change in rollout.changes if change.replaces and not change.worker]
    callers = {
        callee: sorted(name for name, each in rollout.after.items() if callee in each.needs and each.workload.listens)
        for callee in replaced
    }
    called = {callee: names for callee, names in callers.items() if names}
    if tests.before_traffic and called:
        passing = ", ".join(dict.fromkeys(name for names in called.values() for name in names))
        yield (
            f"smoke tests can find a fault in {', '.join(called)} before it gets traffic only where {passing} forwards "
            "the header X-Mainstay-Preview (how-to: smoke-test-a-release.md)"
        )


def _smoke(flows: Flows, door: EntranceName, new: dict[str, int], release: Release) -> Smoke:
    return Smoke(flows=flows, door=door, version=release.version, releases=new, edge=release.edge)


def _new_revisions(stage: StageChange) -> dict[str, int]:
    """Return the new revisions that run after *stage* and receive requests, by service."""
    return {
        change.service: change.new
        for change in stage.rollout.changes
        if change.new is not None
        and not change.worker
        and change.new != change.old
        and change.new in stage.stage.replicas[change.service]
    }
