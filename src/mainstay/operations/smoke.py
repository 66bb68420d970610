"""`smoke`: run the manifest's smoke flows against the running environment. Only the flows' own requests write data."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import msgspec

from mainstay.drivers.world import World
from mainstay.errors import BadInput, NotReady, StepFailed
from mainstay.history.summary import LiveRelease
from mainstay.manifest import Manifest
from mainstay.manifest.messages import did_you_mean
from mainstay.model.flow import Flow, Flows, StepOutcome
from mainstay.model.http import EntranceName
from mainstay.operations.context import Context
from mainstay.operations.history import history_of
from mainstay.operations.manifest import manifest_of
from mainstay.steps.support.flow_run import FlowRun
from mainstay.system.clock import Waiter


class FlowResult(msgspec.Struct, frozen=True):
    """The result of one flow."""

    flow: str
    result: Literal["passed", "failed", "left out"]
    steps: tuple[StepOutcome, ...] = ()
    problem: str = ""
    """What failed, with request, response and log, without secrets; or why the flow was left out."""
    remedy: str = ""


class SmokeResult(msgspec.Struct, frozen=True):
    """The document of `mainstay smoke`."""

    result: Literal["passed", "failed"]
    door: EntranceName
    release: int
    """The number of the live release."""
    version: str
    took_s: float
    flows: tuple[FlowResult, ...]


def smoke(
    context: Context,
    name: str | None,
    door: EntranceName,
    heartbeat: Callable[[], None],
    report: Callable[[StepOutcome], None],
) -> SmokeResult:
    """Run the flow *name*, or every flow, through *door*; *report* is called with the result of each step.

    *heartbeat* is called between requests; it raises an exception to end the command. Raises BadInput when there is no
    such flow, and when the flow *name* may not write through *door*; NotReady when no release is live or the
    environment is stopped.
    """
    manifest = manifest_of(context)
    flows = _chosen(manifest, name, door)
    world = context.world(context.stored())
    world = replace(world, waiter=Waiter(world.clock, heartbeat))
    live = _live(context, world)
    began = world.clock.monotonic()
    results = tuple(_result(world, flow, door, manifest, live.version, report) for flow in flows)
    failed = any(each.result == "failed" for each in results)
    took_s = round(world.clock.monotonic() - began, 3)
    return SmokeResult("failed" if failed else "passed", door, live.number, live.version, took_s, results)


def _chosen(manifest: Manifest, name: str | None, door: EntranceName) -> Flows:
    flows = manifest.flows
    if not flows:
        what = f"{manifest.file.name} names no smoke flows"
        raise BadInput(what, remedy="write flows into smoke/, and add smoke: smoke/", code="no-flow")
    if name is None:
        return flows
    for flow in flows:
        if flow.name == name:
            if _is_left_out(flow, door, manifest):
                what = f"the flow '{name}' writes data, which this environment does not allow through the preview door"
                remedy = f"mainstay smoke '{name}', or write smoke: {{writes: preview}} for this environment"
                raise BadInput(what, remedy=remedy, code="flow-writes")
            return (flow,)
    remedy = did_you_mean(name, [flow.name for flow in flows])
    raise BadInput(f"there is no smoke flow '{name}'", remedy=remedy, code="no-flow")


def _live(context: Context, world: World) -> LiveRelease:
    live = history_of(context).live
    if live is None:
        raise NotReady("no release is live, so there is nothing to test", remedy="mainstay up")
    if not world.target.fleet_status().started:
        raise NotReady("the environment is stopped, so there is nothing to test", remedy="mainstay start")
    return live


def _result(
    world: World,
    flow: Flow,
    door: EntranceName,
    manifest: Manifest,
    version: str,
    report: Callable[[StepOutcome], None],
) -> FlowResult:
    if _is_left_out(flow, door, manifest):
        return FlowResult(flow.name, "left out", problem="it writes, and runs only through the front door")
    run = FlowRun(world, flow, door, world.target.traffic_status().edge, version, report)
    try:
        run.run()
    except StepFailed as failure:
        return FlowResult(flow.name, "failed", tuple(run.outcomes), failure.what, failure.remedy)
    return FlowResult(flow.name, "passed", tuple(run.outcomes))


def _is_left_out(flow: Flow, door: EntranceName, manifest: Manifest) -> bool:
    return flow.writes and door == "preview" and manifest.smoke_writes == "front"
