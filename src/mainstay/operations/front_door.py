"""The check that refuses `up`, `deploy` and `rollback` while the front door is broken."""

from mainstay.drivers.targets.target import Target
from mainstay.errors import FrontDoorLost, FrontDoorTaken, PortTaken
from mainstay.model import Edge, Note, TrafficStatus
from mainstay.model.run_kind import run_kind
from mainstay.operations.context import Context
from mainstay.planning.plan import Plan
from mainstay.system.clock import Clock, SystemClock

LASTS_S = 1.0
"""Seconds that a problem of the edge must last before it is reported: the target repairs shorter ones itself. A port
that another program holds is reported at once."""
OPENS_WITHIN_S = 15.0
LOOKS_EACH_S = 0.1
RUNS_MEANWHILE = "the services keep running, and the front door opens once the port is free"
NOT_OPEN = Note(
    "edge-closed", f"timed out after {OPENS_WITHIN_S:g} s waiting for the edge to open", "mainstay logs edge"
)


def require_front_door(context: Context, plan: Plan) -> None:
    """Raise FrontDoorLost when the edge does not serve as desired and *plan* does not repair the edge.

    A plan of `down` and the first plan of an environment are never refused.
    """
    environment = context.stored_or_none()
    if environment is None or not run_kind(plan.kind).needs_running:
        return
    if found := lost(context.target(environment), SystemClock(), plan.release.edge):
        raise found


def lost(target: Target, clock: Clock, wanted: Edge | None = None) -> FrontDoorLost | None:
    """Return why the edge of *target* does not serve as desired; None when it does, or when there is no edge.

    *wanted*: the edge of a plan that is about to be executed. If another program holds a port of the current edge and
    *wanted* has other ports, the plan repairs the edge, so the result is None too.
    """
    serving = _settled(target, clock)
    taken = _port_is_taken(serving)
    repaired = taken and wanted is not None and _ports(wanted) != _ports(serving.edge)
    if serving.edge is None or serving.open or repaired:
        return None
    problem = serving.problem or NOT_OPEN
    if taken:
        return FrontDoorTaken(f"{problem.what}; {RUNS_MEANWHILE}", remedy=problem.remedy)
    return FrontDoorLost(problem.what, remedy=problem.remedy or NOT_OPEN.remedy)


def _settled(target: Target, clock: Clock) -> TrafficStatus:
    """Return the state of the edge once it is open, a problem has lasted `LASTS_S`, or `OPENS_WITHIN_S` have passed."""
    since: float | None = None
    until = clock.monotonic() + OPENS_WITHIN_S
    while True:
        serving, now = target.traffic_status(), clock.monotonic()
        if serving.open or serving.edge is None or _port_is_taken(serving) or now >= until:
            return serving
        if serving.problem is None:
            since = None
        elif since is None:
            since = now
        elif now - since >= LASTS_S:
            return serving
        clock.pause(LOOKS_EACH_S)


def _port_is_taken(serving: TrafficStatus) -> bool:
    return serving.problem is not None and serving.problem.code == PortTaken.code


def _ports(edge: Edge | None) -> frozenset[int]:
    return edge.ports if edge else frozenset()
