"""The invariants of a plan, each broken once."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from mainstay.errors import InvariantBroken
from mainstay.model import Shift
from mainstay.planning.plan import Phase, Plan
from mainstay.steps.retire import Retire
from mainstay.steps.set_traffic import SetTraffic
from mainstay.steps.start_fleet import StartFleet
from mainstay.steps.step import Step
from tests.shop import next_plan


def with_steps(change: Callable[[Step], Step | None]) -> Plan:
    """Return a plan in which *change* replaces each step; a step that becomes None is left out."""
    plan = next_plan()
    ranks = [[tuple(new for step in rank if (new := change(step))) for rank in phase.ranks] for phase in plan.phases]
    phases = [
        Phase(phase.name, tuple(filter(None, rank)), phase.stage)
        for phase, rank in zip(plan.phases, ranks, strict=True)
    ]
    return replace(plan, phases=tuple(phase for phase in phases if phase.ranks))


def with_traffic(shares: dict[int, float]) -> Plan:
    def change(step: Step) -> Step:
        return replace(step, after=(Shift({"web": shares}),)) if isinstance(step, SetTraffic) else step

    return with_steps(change)


def test_the_invariants_of_a_plan_hold() -> None:
    next_plan().check()


@pytest.mark.parametrize(
    ("plan", "broken"),
    [
        (replace(next_plan(), phases=(Phase("empty", ()),)), "a phase or a rank is empty"),
        (replace(next_plan(), phases=(Phase("empty", ((),)),)), "a phase or a rank is empty"),
        (replace(next_plan(), phases=next_plan().phases[::-1]), "can be undone follows one that cannot"),
        (with_traffic({1: 30.0, 2: 50.0}), "the traffic of web sums to 80 %"),
        (with_traffic({1: -10.0, 2: 110.0}), "the traffic of web sums to 100 %"),
        (with_traffic({7: 100.0}), "web@7 receives traffic but is not in the fleet"),
        (with_steps(lambda step: None if isinstance(step, StartFleet) else step), "receives traffic but is not"),
        (
            with_steps(lambda step: replace(step, before={}) if isinstance(step, StartFleet) else step),
            "is not the one that the step begins with",
        ),
        (
            with_steps(lambda step: replace(step, leaving={}) if isinstance(step, Retire) else step),
            "is not the one that the step retires",
        ),
    ],
)
def test_a_plan_that_breaks_an_invariant_is_refused(plan: Plan, broken: str) -> None:
    with pytest.raises(InvariantBroken, match=broken) as raised:
        plan.check()
    assert (raised.value.exit_code, raised.value.what.startswith("internal error: plan ")) == (70, True)
