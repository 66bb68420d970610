"""The invariants of the desired state."""

import pytest
from msgspec.structs import replace

from mainstay.drivers.machine.protocol import SetFleet, SetShifts
from mainstay.drivers.machine.state.desired import Desired, DesiredInstance, HeldLease, Pending
from mainstay.drivers.machine.state.placement import with_instances
from mainstay.drivers.machine.state.transitions import after, auto_revert, shifted
from mainstay.errors import InvariantBroken
from mainstay.model import Shift, Strategy, TrafficLease
from mainstay.planning.plan import Plan
from mainstay.steps import retire, set_traffic, start_fleet
from tests.shop import first_plan, fleet, next_plan, release, traffic

BOOT = "boot"
LIVE = Desired(fleet=fleet(release(1)), traffic=traffic(release(1)))
HALF = (Shift({"web": {1: 50.0}}),)


def drained(desired: Desired) -> Desired:
    """Return *desired* after its last pending shift, and check it after each of them."""
    desired.check()
    if desired.pending is None:
        return desired
    return drained(shifted(desired, desired.pending.then, BOOT, 0.0))


@pytest.mark.parametrize(
    ("plan", "desired"),
    [
        (first_plan(), Desired()),
        (next_plan(), LIVE),
        (next_plan(Strategy("canary", (10.0, 50.0)), replicas=3), LIVE),
        (next_plan(Strategy("rolling"), replicas=3), LIVE),
        (next_plan(Strategy("recreate")), LIVE),
    ],
    ids=["first", "blue-green", "canary", "rolling", "recreate"],
)
def test_the_invariants_hold_after_every_step_of_a_plan_and_every_automatic_revert(
    plan: Plan, desired: Desired
) -> None:
    for _, step in plan.steps():
        match step:
            case start_fleet.StartFleet():
                desired = after(desired, SetFleet(1, {step.service: step.after}), BOOT, 0.0)
            case set_traffic.SetTraffic():
                lease = TrafficLease(60.0, step.revert_to)
                desired = drained(after(desired, SetShifts(1, step.after, lease), BOOT, 0.0))
            case retire.Retire():
                desired = drained(after(desired, SetShifts(1, step.traffic, None), BOOT, 0.0))
                desired = after(desired, SetFleet(1, {step.service: step.after}), BOOT, 0.0)
        with_instances(desired, frozenset()).check()
        drained(auto_revert(desired, BOOT, 1e9)).check()


@pytest.mark.parametrize(
    ("desired", "broken"),
    [
        (replace(LIVE, traffic={"web": {1: 60.0}}), "the traffic of web sums to 60 %"),
        (replace(LIVE, preview={"web": 0}), "the preview of web is release 0"),
        (replace(LIVE, lease=HeldLease(TrafficLease(1.0, HALF), BOOT, 0.0)), "the traffic of web sums to 50 %"),
        (replace(LIVE, pending=Pending({}, HALF, BOOT, 0.0)), "the traffic of web sums to 50 %"),
        (replace(LIVE, instances={"web-1-1": DesiredInstance("web", 1, 2)}), "has the identity of another"),
        (replace(LIVE, instances={"web-9-1": DesiredInstance("web", 9, 1)}), "belongs to no revision"),
        (
            replace(LIVE, instances={f"web-1-{n}": DesiredInstance("web", 1, n, port=7) for n in (1, 2)}),
            "2 instances have port 7",
        ),
    ],
)
def test_a_desired_state_that_breaks_an_invariant_is_refused(desired: Desired, broken: str) -> None:
    with pytest.raises(InvariantBroken, match=broken):
        desired.check()
