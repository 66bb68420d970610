"""Times: how long each step will take, as the record has seen steps of its kind, or builds of its service, take."""

import msgspec

from mainstay.planning.plan import Phase
from mainstay.steps.observe import Observe
from mainstay.steps.step import Step


def timed(phase: Phase, expected: dict[str, float]) -> Phase:
    """*phase* with what is expected of each of its steps; None where nothing is known yet."""
    ranks = tuple(tuple(_timed(step, expected) for step in rank) for rank in phase.ranks)
    return msgspec.structs.replace(phase, ranks=ranks)


def _timed(step: Step, expected: dict[str, float]) -> Step:
    seconds = step.for_s if isinstance(step, Observe) else expected.get(step.timed_as)
    return msgspec.structs.replace(step, expected_s=seconds)
