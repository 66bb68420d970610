"""The desired state of the next pass: which instances must exist, with their ports and slots."""

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from mainstay.drivers.machine.instances.values import called
from mainstay.drivers.machine.state import decide, transitions
from mainstay.drivers.machine.state.addresses import allocate
from mainstay.drivers.machine.state.desired import Desired, member_of
from mainstay.drivers.machine.state.lifecycle import Runtime
from mainstay.drivers.machine.state.placement import with_instances
from mainstay.model import Revision


def with_proven(desired: Desired, runtimes: Mapping[str, Runtime]) -> Desired:
    """Return *desired* with the revisions of its fleet that have had a steady instance."""
    steady = {str(one.revision) for name, one in desired.instances.items() if runtimes[name].record.steady}
    wanted = {str(Revision(service, release)) for service, members in desired.fleet.items() for release in members}
    return replace(desired, proven=tuple(sorted((steady | {*desired.proven}) & wanted)))


def next_state(desired: Desired, runtimes: Mapping[str, Runtime], folder: Path) -> Desired:
    """Return *desired* with the instances that must exist, their ports and slots. Raises InvariantBroken.

    *folder* is the state folder, which determines the first port.
    """
    # A new task that has completed counts as ready: the old one, which overlaps with it, may be retired.
    done = {name for name in desired.instances if runtimes[name].record.done}
    desired = with_instances(desired, decide.ready(desired, runtimes) | done)
    desired = transitions.without_ended_revisions(desired)
    desired.check()  # Each instance belongs to a revision, on which `member_of` relies.
    return allocate(desired, folder, _callees(desired))


def _callees(desired: Desired) -> set[str]:
    """Return the services whose addresses the instances and jobs use."""
    workloads = [member_of(desired, one).workload for one in desired.instances.values()]
    values = [each for workload in workloads for each in (workload.environment, workload.files)]
    values += [job.environment for job in desired.jobs.values()]
    return {service for each in values for service in called(each)}
