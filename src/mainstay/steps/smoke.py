"""The step that tests a release by smoke flows: before it gets traffic (preview door), or afterwards (front door)."""

from mainstay.drivers.world import RunWorld, World
from mainstay.model import Edge
from mainstay.model.flow import Flows, StepOutcome
from mainstay.model.http import EntranceName
from mainstay.steps.step import Look, Step
from mainstay.steps.support.flow_run import FlowRun
from mainstay.text.plural import counted

PREVIEWED_WITHIN_S = 15.0


class Smoke(Step, frozen=True, kw_only=True, tag="smoke"):
    """Run the smoke flows `flows` through `door`. Fails at the first unexpected response."""

    flows: Flows
    door: EntranceName
    version: str
    """The value of the placeholder `{version}`."""
    releases: dict[str, int]
    """Per service, the release number of its new revision; the preview door leads to this revision."""
    edge: Edge | None
    """The edge whose routes the requests take."""

    @property
    def timed_as(self) -> str:
        return f"smoke through the {self.door} door"

    @property
    def title(self) -> str:
        return f"Smoke-test {self._tested} through the {self.door} door: {counted(len(self.flows), 'flow')}"

    def do(self, world: RunWorld) -> str:
        if self.door == "preview":
            self._preview(world)
        began = world.clock.monotonic()
        requests = 0
        for flow in self.flows:
            run = FlowRun(
                world,
                flow,
                self.door,
                self.edge,
                self.version,
                lambda one: world.progress(_progress(one)),
                self.releases if self.door == "preview" else {},
            )
            run.run()
            requests += run.requests
        took = world.clock.monotonic() - began
        return f"{counted(len(self.flows), 'flow')}, {counted(requests, 'request')}, {took:.1f} s"

    def look(self, world: World) -> Look:
        # Responses that were good before an interruption do not prove that they still are.
        return Look.ABSENT

    def undo(self, world: RunWorld) -> str:
        return "nothing to undo"

    def _preview(self, world: RunWorld) -> None:
        """Set the preview door to the new revisions, and wait until it leads to them."""
        world.target.set_preview(self.releases)

        def leads() -> bool:
            found = world.target.traffic_status().previewed
            return all(found.get(service) == release for service, release in self.releases.items())

        world.waiter.wait_until(
            leads,
            within=PREVIEWED_WITHIN_S,
            waiting_for=f"the preview door to lead to {self._tested}",
            remedy="mainstay status",
        )

    @property
    def _tested(self) -> str:
        """The new revisions, as in `api@2, web@2`; without any, only the edge is new."""
        return ", ".join(f"{service}@{release}" for service, release in self.releases.items()) or "the new edge"


def _progress(outcome: StepOutcome) -> str:
    return f"{outcome.flow}: {outcome.request}" + (f": {outcome.problem}" if outcome.problem else "")
