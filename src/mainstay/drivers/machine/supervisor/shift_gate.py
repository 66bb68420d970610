"""Apply each pending traffic shift once the revisions that the previous shift drains have no request in flight."""

import math

from mainstay.drivers.edge.haproxy.controller import EdgeController
from mainstay.drivers.machine.state.desired import Pending
from mainstay.drivers.machine.state.transitions import is_drained, shifted
from mainstay.drivers.machine.state.upstreams import upstream
from mainstay.drivers.machine.supervisor.desired_state import DesiredState
from mainstay.model import Revision, Traffic
from mainstay.system import processes

SETTLED_S = 0.02
"""Seconds after a shift until HAProxy's counts include every request assigned just before it."""
CHECK_EVERY_S = 0.05
"""Seconds between two checks of the requests in flight."""


class ShiftGate:
    """Applies the pending traffic shifts of the desired state.

    Before each shift it waits until every revision that the previous shift drains has no request in flight or has
    reached its drain timeout.
    """

    def __init__(self, edge: EdgeController, state: DesiredState) -> None:
        self._edge = edge
        self._state = state
        self._applied: tuple[Traffic, float] = ({}, -math.inf)
        self.in_flight: dict[str, int] = {}
        """The number of requests in flight of each revision (`web@41`) that the next shift waits for."""
        self.undrained: dict[str, int] = {}
        """By revision whose drain timed out since `begin`, the number of requests that were still in flight."""

    def begin(self) -> None:
        """Clear `in_flight` and `undrained`; called when new shifts are requested."""
        self.in_flight, self.undrained = {}, {}

    def applied(self, traffic: Traffic) -> None:
        """Record that HAProxy has applied *traffic* and, if it differs from the last call's, the present time."""
        if self._applied[0] != traffic:
            self._applied = (traffic, processes.boottime())

    async def apply_next(self) -> None:
        """Apply the first pending shift to the desired state, if there is one and it need not wait any longer."""
        pending = self._state.desired.pending
        if pending is None or not await self._may_apply(pending):
            return
        if self._state.desired.pending == pending:  # If not, another request arrived while HAProxy was queried.
            now = processes.boottime()
            self._state.keep_if_valid(shifted(self._state.desired, pending.then, self._state.boot, now))

    async def _may_apply(self, pending: Pending) -> bool:
        traffic, applied_at = self._applied
        if traffic != self._state.desired.traffic:
            return False
        if pending.drain_s and processes.boottime() < applied_at + SETTLED_S:
            return False
        self.in_flight = await self._requests_of(pending)
        if not is_drained(pending, self.in_flight, self._state.boot, processes.boottime()):
            return False
        self.undrained |= {revision: count for revision, count in self.in_flight.items() if count}
        self.in_flight = {}
        return True

    async def _requests_of(self, pending: Pending) -> dict[str, int]:
        """Return the requests in flight of each revision to drain; leave out revisions that cannot be counted now."""
        desired = self._state.desired
        found: dict[str, int] = {}
        for service, releases in pending.drain_s.items():
            for release in releases:
                upstreams = {
                    name: upstream(one)
                    for name, one in desired.instances.items()
                    if (one.service, one.release) == (service, release)
                }
                counted = await self._edge.requests_in_flight(upstreams)
                if counted.keys() == upstreams.keys():
                    found[str(Revision(service, release))] = sum(counted.values())
        return found
