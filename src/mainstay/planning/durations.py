"""Expected durations of steps, from the history of steps of the same kind or builds of the same service."""

from msgspec.structs import replace

from mainstay.planning.plan import Phase
from mainstay.steps.observe import Observe
from mainstay.steps.step import Step


def timed_phases(expected: dict[str, float], *phases: Phase) -> tuple[Phase, ...]:
    """Return those *phases* that have steps, with the expected seconds of each step; None where the history has none.

    *expected* are the seconds by `Step.timed_as`.
    """
    return tuple(_timed(phase, expected) for phase in phases if phase.ranks)


def _timed(phase: Phase, expected: dict[str, float]) -> Phase:
    ranks = (tuple(replace(step, expected_s=_seconds(step, expected)) for step in rank) for rank in phase.ranks)
    return replace(phase, ranks=tuple(ranks))


def _seconds(step: Step, expected: dict[str, float]) -> float | None:
    return step.for_s if isinstance(step, Observe) else expected.get(step.timed_as)
