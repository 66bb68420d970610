"""The daemon's report: desired and running instances, desired and actual traffic."""

import os

from msgspec.structs import replace

from mainstay.drivers.machine.state import decide
from mainstay.drivers.machine.state.lifecycle import Life
from mainstay.drivers.machine.supervisor import views
from mainstay.drivers.machine.supervisor.daemon import Daemon
from mainstay.model import FleetStatus, TrafficStatus


def running(daemon: Daemon) -> FleetStatus:
    """Return the desired fleet and the present instances."""
    desired, lives = daemon.desired, daemon.instances.lives
    ready = decide.ready(desired, lives)
    instances = tuple(
        views.instance(name, one, lives.get(name, Life()), ready=name in ready)
        for name, one in desired.instances.items()
    )
    return FleetStatus(
        wanted=desired.fleet,
        instances=instances,
        started=daemon.is_started(),
        guarded_by=guard(),
        processors_held=daemon.limits.hold_processors,
        cut=dict(daemon.cut),
        killed=desired.killed,
    )


async def serving(daemon: Daemon) -> TrafficStatus:
    """Return desired and actual traffic, and whether the edge works."""
    edge = daemon.edge
    told = views.with_trouble(views.serving(daemon.desired, await edge.actual_traffic()), edge.trouble)
    return replace(
        told,
        open=edge.serves(told.edge),
        in_flight=dict(daemon.shifting.in_flight),
        undrained=dict(daemon.shifting.undrained),
    )


def guard() -> str:
    """Return the program that restarts the supervisor when it is killed; empty when there is none."""
    return "systemd" if "INVOCATION_ID" in os.environ else ""
