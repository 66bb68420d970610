"""Expected durations of steps, from the history of steps of the same kind or builds of the same service."""

import msgspec

from mainstay.planning.plan import Phase
from mainstay.steps.observe import Observe
from mainstay.steps.step import Step


def timed(phase: Phase, expected: dict[str, float]) -> Phase:
    """Return *phase* with the expected seconds of each of its steps; None where the history has no duration yet."""
    ranks = tuple(tuple(_timed(step, expected) for step in rank) for rank in phase.ranks)
    return msgspec.structs.replace(phase, ranks=ranks)


def _timed(step: Step, expected: dict[str, float]) -> Step:
    seconds = step.for_s if isinstance(step, Observe) else expected.get(step.timed_as)
    return msgspec.structs.replace(step, expected_s=seconds)
