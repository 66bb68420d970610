"""The step that moves the traffic of the services of a stage to other revisions."""

from mainstay.drivers.world import RunWorld, World
from mainstay.errors import StepFailed
from mainstay.model import Revision, Shares, Shifts, Traffic, TrafficLease, end_of
from mainstay.steps.step import Look, Step
from mainstay.steps.support import failure_text, fleet_state
from mainstay.text.plural import counted

APPLIED_WITHIN_S = 30.0
"""Seconds that all shifts together may take, in addition to their drains."""


class SetTraffic(Step, frozen=True, kw_only=True, tag="set_traffic"):
    """Move traffic by the shifts `after`, one after the other.

    An undo, an interruption and an expired heartbeat apply the shifts `revert_to`, which revert the whole stage. They
    are ordered so that no request in flight meets a callee older than its caller.
    """

    after: Shifts
    revert_to: Shifts
    revert_after_s: float = 60.0
    """Seconds without a heartbeat of the run after which traffic is reverted automatically."""

    moves_traffic = True

    @property
    def title(self) -> str:
        return "Traffic: " + _in_order(self.after, after_drain="; when {} has no request in flight: ")

    def do(self, world: RunWorld) -> str:
        # A first release has nothing to revert to.
        lease = TrafficLease(self.revert_after_s, self.revert_to) if any(end_of(self.revert_to).values()) else None
        world.target.set_traffic(self.after, lease)
        # The title states the shares, so only drains are left to report.
        return await_traffic(world, self.after).removeprefix("; ")

    def look(self, world: World) -> Look:
        serving, after = world.target.traffic_status(), end_of(self.after)
        if not same(serving.wanted, after):
            return Look.ABSENT
        return Look.PRESENT if same(serving.actual, after) else Look.PARTIAL

    def undo(self, world: RunWorld) -> str:
        world.target.set_traffic(self.revert_to)
        return f"back to {_in_order(self.revert_to)}{await_traffic(world, self.revert_to, or_crashed=True)}"

    def revert_traffic(self, world: RunWorld) -> str:
        world.target.set_traffic(self.revert_to)
        fallback = end_of(self.revert_to)
        # During `recreate` there may be no old instance; then it is enough that the new ones receive no requests.
        world.waiter.wait_until(
            lambda: not _receives_more(world.target.traffic_status().actual, fallback),
            within=_within(self.revert_to),
            waiting_for=f"traffic to return to {_in_order(self.revert_to)}",
            remedy="mainstay status",
        )
        return f"back to {_in_order(self.revert_to)}"

    def restore(self, world: RunWorld) -> None:
        self.do(world)


def await_traffic(world: RunWorld, shifts: Shifts, *, or_crashed: bool = False) -> str:
    """Wait until all *shifts* are applied. Return as text how revisions drained; empty: no request was in flight.

    The text has the seconds until a revision had no request left, or the number of requests that outlasted its drain.
    With *or_crashed*, do not wait for services whose instances all crash. An undo needs this when the old release did
    not start either: then it cannot get its traffic back.
    Raises StepFailed after the drains and APPLIED_WITHIN_S seconds more. Its message names the problem of the edge, or
    an instance that is not ready and how it last exited.
    """
    wanted, began = end_of(shifts), world.clock.monotonic()
    waited: dict[str, float] = {}

    def applied() -> bool:
        serving = world.target.traffic_status()
        for revision, count in serving.in_flight.items():
            if count:
                (world.show if revision in waited else world.progress)(f"waiting for {_requests(count)} of {revision}")
                waited[revision] = world.clock.monotonic() - began
        late = {name: shares for name, shares in wanted.items() if not same(serving.actual, {name: shares})}
        crashed = or_crashed and all(_crashes(world, name, shares) for name, shares in late.items())
        return not serving.pending and (not late or crashed)

    try:
        world.waiter.wait_until(
            applied, within=_within(shifts), waiting_for=f"traffic {_in_order(shifts)}", remedy="mainstay status"
        )
    except StepFailed as late:
        problem = world.target.traffic_status().problem
        cause = f"; {problem.what}" if problem else _not_ready(world, wanted)
        raise StepFailed(f"{late.what}{cause}", remedy=(problem and problem.remedy) or late.remedy) from late
    undrained = world.target.traffic_status().undrained
    drained = [f"; {name} had no request left after {s:.1f} s" for name, s in waited.items() if name not in undrained]
    return "".join(
        [*drained, *(f"; {_requests(count)} of {name} outlasted its drain" for name, count in undrained.items())]
    )


def _within(shifts: Shifts) -> float:
    drains = [limit for shift in shifts for releases in shift.drain_s.values() for limit in releases.values()]
    return APPLIED_WITHIN_S + sum(drains)


def _requests(count: int) -> str:
    return f"{counted(count, 'request')} in flight"


def _crashes(world: World, service: str, shares: Shares) -> bool:
    mine = [one for one in fleet_state.instances_of(world.target.fleet_status(), service) if one.release in shares]
    return bool(mine) and all(fleet_state.crashes(one) for one in mine)


def _not_ready(world: World, wanted: Traffic) -> str:
    for name, shares in wanted.items():
        for one in fleet_state.instances_of(world.target.fleet_status(), name):
            if one.release in shares and one.state != "ready":
                return f"; {one.id} is {one.state}{failure_text.end_of(world, one)}"
    return ""


def same(found: Traffic, wanted: Traffic) -> bool:
    """Return whether *found* equals *wanted* for every service in *wanted*, to within 0.01 percentage points."""
    return all(_alike(found.get(name, {}), shares) for name, shares in wanted.items())


def _alike(one: dict[int, float], other: dict[int, float]) -> bool:
    return all(abs(one.get(release, 0) - other.get(release, 0)) < 0.01 for release in one.keys() | other.keys())


def _receives_more(found: Traffic, wanted: Traffic) -> bool:
    return any(found.get(name, {}).keys() - shares.keys() for name, shares in wanted.items())


def _in_order(shifts: Shifts, *, after_drain: str = ", then ") -> str:
    """Return the shifts as text: `api 100 % @2, then web 100 % @2`."""
    words = ""
    for number, shift in enumerate(shifts):
        words += ", ".join(f"{name} {in_words(shares)}" for name, shares in shift.traffic.items())
        if number + 1 < len(shifts):
            leaving = [str(Revision(name, each)) for name, releases in shift.drain_s.items() for each in releases]
            words += after_drain.format(" and ".join(leaving)) if leaving else ", then "
    return words


def in_words(shares: dict[int, float]) -> str:
    """Return shares as text: `100 % @42`, `95 % @41 + 5 % @42`, or `none`."""
    parts = [f"{share:g} % @{release}" for release, share in sorted(shares.items()) if share]
    return " + ".join(parts) or "none"
