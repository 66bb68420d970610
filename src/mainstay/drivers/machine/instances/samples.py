"""Sample the memory of running instances, and where those that are not ready yet listen."""

from collections.abc import Callable

from msgspec.structs import replace

from mainstay.drivers.machine.instances.cgroups import Limits, out_of_memory
from mainstay.drivers.machine.state.desired import Desired, member_of
from mainstay.drivers.machine.state.lifecycle import Runtime
from mainstay.system import processes
from mainstay.system.listeners import listens_elsewhere
from mainstay.system.process_runner import ProcessRunner


def sample_memory(runtimes: dict[str, Runtime], desired: Desired, limits: Limits) -> tuple[str, ...]:
    """Record each instance's resident memory. Return those over their limit, where the kernel does not enforce it."""
    sessions = processes.sessions() if runtimes else {}
    excessive = []
    for name, runtime in list(runtimes.items()):
        if runtime.process is None or name not in desired.instances:
            continue
        held = processes.resident_bytes(sessions.get(runtime.process.pid, ()))
        limit = member_of(desired, desired.instances[name]).workload.memory_bytes
        runtimes[name] = replace(runtime, memory_bytes=held)
        if limit is not None and held > limit and not limits.enforces_memory:
            runtimes[name] = replace(runtimes[name], reason=out_of_memory(limit))
            excessive.append(name)
    return tuple(excessive)


def sample_listening(
    runtimes: dict[str, Runtime],
    desired: Desired,
    runner: ProcessRunner,
    tail: Callable[[str, str], tuple[str, ...]],
) -> None:
    """Record where instances that are not steady yet, or were adopted, listen, and their last output lines."""
    for name, runtime in list(runtimes.items()):
        one = desired.instances.get(name)
        known = runtime.record.steady and runtime.listens_elsewhere is not None
        if one is None or runtime.process is None or known:
            continue
        addresses = ""
        if one.slot is not None and one.port:
            addresses = listens_elsewhere(runner.members(name, runtime.process), one.port)
        runtimes[name] = replace(runtime, listens_elsewhere=addresses, tail=tail(name, one.service))
