"""The step that opens, changes or removes the edge, which answers 503 for a service without traffic."""

from mainstay.drivers.world import RunWorld, World
from mainstay.errors import StepFailed
from mainstay.model import Edge, TrafficStatus
from mainstay.steps.step import Look, Step

OPENS_WITHIN_S = 15.0
CHECK = "mainstay validate, then mainstay deploy"


class ConfigureEdge(Step, frozen=True, kw_only=True, tag="configure_edge"):
    """Change the edge, with its front doors and routes, from `before` to `after`. None: there is no edge."""

    before: Edge | None
    after: Edge | None

    @property
    def title(self) -> str:
        if self.after is None:
            return "Remove the edge"
        door = f"on {_port(self.after.http)}"
        if self.after.https is not None:
            door += f", https on {_port(self.after.https)}"
        routes = ", ".join(f"{route.host}{route.path} → {route.service}" for route in self.after.routes)
        return f"{'Open' if self.before is None else 'Change'} the edge {door}: {routes or 'no routes'}"

    def do(self, world: RunWorld) -> str:
        return self._configure(world, self.after)

    def look(self, world: World) -> Look:
        serving = world.target.traffic_status()
        if serving.edge != self.after:
            return Look.ABSENT
        return Look.PRESENT if serving.open else Look.PARTIAL

    def undo(self, world: RunWorld) -> str:
        return self._configure(world, self.before)

    def _configure(self, world: RunWorld, edge: Edge | None) -> str:
        world.target.set_edge(edge)
        try:
            serving = world.waiter.wait_until(lambda: _open(world, edge), within=OPENS_WITHIN_S, waiting_for="the edge")
        except StepFailed as late:
            problem = world.target.traffic_status().problem
            reason = f": {problem.what}" if problem else ""
            raise StepFailed(f"the edge did not open within {OPENS_WITHIN_S:g} s{reason}", remedy=CHECK) from late
        return f"open at {serving.public_url}" if edge else "no edge"


def _port(number: int) -> str:
    return f"port {number}" if number else "a free port"


def _open(world: World, edge: Edge | None) -> TrafficStatus | None:
    serving = world.target.traffic_status()
    return serving if serving.edge == edge and serving.open else None
