"""Report the status of a supervised environment: desired and actual instances, desired and actual traffic."""

import os
from collections.abc import Iterator

from msgspec.structs import replace

from mainstay.drivers.machine.state import decide
from mainstay.drivers.machine.state.lifecycle import Runtime
from mainstay.drivers.machine.supervisor import views
from mainstay.drivers.machine.supervisor.supervisor import Supervisor
from mainstay.model import FleetStatus, Note, TrafficStatus


def running(supervisor: Supervisor) -> FleetStatus:
    """Return the desired fleet, the actual instances, and notes on what an operator should know."""
    desired, runtimes = supervisor.state.desired, supervisor.instances.runtimes
    ready = decide.ready(desired, runtimes)
    instances = tuple(
        views.instance(name, one, runtimes.get(name, Runtime()), ready=name in ready)
        for name, one in desired.instances.items()
    )
    return FleetStatus(
        wanted=desired.fleet,
        instances=instances,
        started=supervisor.is_running(),
        notes=tuple(_notes(supervisor)),
        endings=views.endings(desired, supervisor.cut),
        kept_in=str(supervisor.folders.written),
    )


async def serving(supervisor: Supervisor) -> TrafficStatus:
    """Return desired and actual traffic, the state of the edge, and the requests in flight that a shift waits for."""
    edge = supervisor.edge
    found = views.serving(supervisor.state.desired, await edge.actual(), edge.problem)
    return replace(
        found,
        open=edge.serves(found.edge),
        maintained=edge.maintenance,
        certificates=edge.certificates,
        in_flight=dict(supervisor.shift_gate.in_flight),
        undrained=dict(supervisor.shift_gate.undrained),
    )


def _notes(supervisor: Supervisor) -> Iterator[Note]:
    if supervisor.state.rejected:
        what = f"the supervisor keeps its last valid desired state: {supervisor.state.rejected}"
        yield Note("desired-state-rejected", what, f"read {supervisor.folders.supervisor_log}, and report the bug")
    yield from supervisor.edge.certificate_notes()
    if problem := supervisor.certificates.note():
        yield problem
    members = [member for of in supervisor.state.desired.fleet.values() for member in of.values()]
    if not supervisor.limits.enforces_cpu and any(member.workload.cpus is not None for member in members):
        what = "CPU limits cannot be enforced on this machine (no writable cpu cgroup); resources.cpus is ignored"
        yield Note("cpu-limits-ignored", what, level="note")
    if supervisor.is_running() and "INVOCATION_ID" not in os.environ:  # systemd sets this variable.
        yield Note("not-started-at-boot", "nothing starts the supervisor after a reboot", level="note")
