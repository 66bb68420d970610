"""What plans of all kinds have in common: a draft without phases, and the expected durations of steps."""

from msgspec.structs import replace

from mainstay.model import Release
from mainstay.model.flow import Flows
from mainstay.model.run_kind import Kind
from mainstay.planning.facts import Snapshot
from mainstay.planning.plan import Phase, Plan
from mainstay.planning.staleness import digest, staleness_key
from mainstay.steps.observe import Observe
from mainstay.steps.step import Step


def draft(kind: Kind, release: Release, now: Snapshot, flows: Flows = ()) -> Plan:
    """Return a plan of *kind* to *release*, starting from *now*, without phases.

    *flows* are the smoke flows that it is to run. The same arguments give the same id.
    """
    key = staleness_key(release, now, flows)
    return Plan(
        id=digest([kind, release, key])[:10],
        kind=kind,
        environment=now.environment,
        version=release.version,
        release=release,
        before=now.release.number if now.release else None,
        before_version=now.release.version if now.release else "",
        rollback="safe",
        staleness_key=key,
        phases=(),
    )


def timed_phases(expected: dict[str, float], *phases: Phase) -> tuple[Phase, ...]:
    """Return those *phases* that have steps, with the expected duration of each step.

    An observation takes its own `for_s`. For other steps, *expected* has the seconds from the history by
    `Step.timed_as`; a step without an entry gets None.
    """
    return tuple(_timed(phase, expected) for phase in phases if phase.ranks)


def _timed(phase: Phase, expected: dict[str, float]) -> Phase:
    ranks = (tuple(replace(step, expected_s=_seconds(step, expected)) for step in rank) for rank in phase.ranks)
    return replace(phase, ranks=tuple(ranks))


def _seconds(step: Step, expected: dict[str, float]) -> float | None:
    return step.for_s if isinstance(step, Observe) else expected.get(step.timed_as)
