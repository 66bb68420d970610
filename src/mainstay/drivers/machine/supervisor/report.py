"""The daemon's report: desired and running instances, desired and actual traffic."""

import os
from collections.abc import Iterator

from msgspec.structs import replace

from mainstay.drivers.machine.state import decide
from mainstay.drivers.machine.state.lifecycle import Runtime
from mainstay.drivers.machine.supervisor import views
from mainstay.drivers.machine.supervisor.daemon import Daemon
from mainstay.model import FleetStatus, Note, TrafficStatus


def running(daemon: Daemon) -> FleetStatus:
    """Return the desired fleet and the present instances."""
    desired, runtimes = daemon.state.desired, daemon.instances.runtimes
    ready = decide.ready(desired, runtimes)
    instances = tuple(
        views.instance(name, one, runtimes.get(name, Runtime()), ready=name in ready)
        for name, one in desired.instances.items()
    )
    return FleetStatus(
        wanted=desired.fleet,
        instances=instances,
        started=daemon.is_started(),
        notes=tuple(_notes(daemon)),
        endings=views.endings(desired, daemon.cut),
        kept_in=str(daemon.folders.written),
    )


async def serving(daemon: Daemon) -> TrafficStatus:
    """Return desired and actual traffic, and whether the edge works."""
    edge = daemon.edge
    found = views.serving(daemon.state.desired, await edge.actual(), edge.problem)
    return replace(
        found,
        open=edge.serves(found.edge),
        maintained=edge.maintenance,
        in_flight=dict(daemon.shift_gate.in_flight),
        undrained=dict(daemon.shift_gate.undrained),
    )


def _notes(daemon: Daemon) -> Iterator[Note]:
    if daemon.state.rejected:
        what = f"the supervisor keeps its last valid desired state: {daemon.state.rejected}"
        yield Note("desired-state-rejected", what, f"read {daemon.folders.supervisor_log}, and report the bug")
    if problem := daemon.edge.certificate_problem:
        yield problem
    members = [member for of in daemon.state.desired.fleet.values() for member in of.values()]
    if not daemon.limits.enforces_cpu and any(member.workload.cpus is not None for member in members):
        what = "CPU limits cannot be enforced on this machine (no writable cpu cgroup); resources.cpus is ignored"
        yield Note("cpu-limits-ignored", what, level="note")
    if daemon.is_started() and "INVOCATION_ID" not in os.environ:  # systemd sets this variable.
        yield Note("not-started-at-boot", "nothing starts the supervisor after a reboot", level="note")
