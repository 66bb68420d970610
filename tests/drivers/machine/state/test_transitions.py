"""The desired state after each request, and automatic reverts."""

import pytest
from msgspec.structs import replace

from mainstay.drivers.machine.protocol import Claim, LeaseHeartbeat, SetFleet, SetMaintenance, SetPreview, SetShifts
from mainstay.drivers.machine.state.desired import Desired, HeldLease, Pending
from mainstay.drivers.machine.state.transitions import after, auto_revert, is_drained, shifted
from mainstay.errors import FenceRefused
from mainstay.model import Member, Shift, TrafficLease
from mainstay.model.maintenance import Maintenance
from tests.drivers.machine.state.states import WEB, next_fleet, placed_fleet

LEASE = TrafficLease(60, (Shift({"web": {41: 100.0}}),))
TWO_SHIFTS = (Shift({"web": {41: 100.0}}, {"web": {42: 30.0}}), Shift({"api": {41: 100.0}}))


@pytest.mark.failure("F17")
def test_an_older_fence_is_refused_and_changes_nothing() -> None:
    desired = after(Desired(), Claim(7), "boot", 0)
    with pytest.raises(FenceRefused):
        after(desired, SetFleet(6, {}), "boot", 0)
    assert after(desired, Claim(7), "boot", 0) == desired


def test_a_removed_revision_keeps_its_spec_until_its_last_instance_is_gone() -> None:
    desired = next_fleet(placed_fleet((41, 1, WEB)), (42, 1, WEB))
    assert desired.retiring == {"web": {41: Member(WEB, 1, "1")}}
    assert 41 not in next_fleet(desired, (41, 1, WEB)).retiring.get("web", {})


@pytest.mark.parametrize(
    ("boot", "now", "reverted"),
    [("boot", 59, False), ("boot", 60, True), ("another", 1, True)],
    ids=["in time", "too late", "after a reboot"],
)
def test_traffic_is_reverted_once_the_heartbeat_has_expired(boot: str, now: float, reverted: bool) -> None:
    desired = after(Desired(), SetShifts(0, (Shift({"web": {42: 100.0}}),), LEASE), "boot", 0)
    assert auto_revert(desired, boot, now).reverted is reverted
    assert (auto_revert(desired, boot, now).traffic == LEASE.then[0].traffic) is reverted


def test_a_heartbeat_restarts_the_time_limit() -> None:
    desired = after(Desired(), SetShifts(0, (Shift({"web": {42: 100.0}}),), LEASE), "boot", 0)
    renewed = after(desired, LeaseHeartbeat(0), "boot", 50)
    assert renewed.lease == HeldLease(LEASE, "boot", 50)
    assert not auto_revert(renewed, "boot", 109).reverted


def test_a_preview_replaces_the_one_before_and_changes_nothing_else() -> None:
    before = after(Desired(traffic={"web": {41: 100.0}}), SetPreview(3, {"web": 42, "api": 42}), "boot", 0)
    assert (before.preview, before.fence) == ({"web": 42, "api": 42}, 3)
    assert after(before, SetPreview(3, {"web": 43}), "boot", 0) == replace(before, preview={"web": 43})
    with_old = after(before, SetPreview(3, {"web": 43}, {"web": 42}), "boot", 0)
    assert with_old.replaced == {"web": 42}
    assert after(with_old, SetPreview(3, {"web": 44}), "boot", 0).replaced == {}


def test_only_the_first_of_several_shifts_is_applied_at_once() -> None:
    desired = after(Desired(traffic={"api": {42: 100.0}}), SetShifts(0, TWO_SHIFTS), "boot", 7)
    assert desired.traffic == {"api": {42: 100.0}, "web": {41: 100.0}}
    assert desired.pending == Pending({"web": {42: 30.0}}, TWO_SHIFTS[1:], "boot", 7)
    assert desired.pending is not None
    last = shifted(desired, desired.pending.then, "boot", 8)
    assert (last.traffic["api"], last.pending) == ({41: 100.0}, None)


def test_an_expired_heartbeat_reverts_in_the_order_of_the_lease() -> None:
    lease = TrafficLease(60, TWO_SHIFTS)
    desired = after(Desired(), SetShifts(0, (Shift({"web": {42: 100.0}, "api": {42: 100.0}}),), lease), "boot", 0)
    reverted = auto_revert(desired, "boot", 60)
    assert reverted.traffic == {"web": {41: 100.0}, "api": {42: 100.0}}
    assert (reverted.pending, reverted.reverted) == (Pending({"web": {42: 30.0}}, TWO_SHIFTS[1:], "boot", 60), True)


@pytest.mark.parametrize(
    ("in_flight", "boot", "now", "drained"),
    [
        ({"web@42": 1}, "boot", 29, False),
        ({"web@42": 0}, "boot", 29, True),
        ({}, "boot", 29, False),
        ({"web@42": 1}, "boot", 30, True),
        ({}, "another", 1, True),
    ],
    ids=["in flight", "ended", "not counted", "drain time over", "after a reboot"],
)
def test_a_shift_waits_for_requests_in_flight(in_flight: dict[str, int], boot: str, now: float, drained: bool) -> None:
    pending = Pending({"web": {42: 30.0}}, TWO_SHIFTS[1:], "boot", 0)
    assert is_drained(pending, in_flight, boot, now) is drained


def test_maintenance_is_set_by_an_operator_without_a_fence() -> None:
    claimed = Desired(fence=7)
    on = after(claimed, SetMaintenance(Maintenance("soon")), "boot", 0)
    assert on == replace(claimed, maintenance=Maintenance("soon"))
    assert after(on, SetMaintenance(None), "boot", 0) == claimed
