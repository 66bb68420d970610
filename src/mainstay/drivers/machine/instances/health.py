"""Probe the readiness and the liveness of running instances at intervals; sample their memory and their listeners."""

import asyncio
import logging
from collections.abc import Callable

from msgspec.structs import replace

from mainstay.drivers.machine.instances.cgroups import ResourceLimits, out_of_memory
from mainstay.drivers.machine.instances.probes import Probe, probe_liveness, probe_readiness
from mainstay.drivers.machine.instances.records import write_record
from mainstay.drivers.machine.state import lifecycle
from mainstay.drivers.machine.state.desired import Desired, member_of
from mainstay.drivers.machine.state.lifecycle import Runtime
from mainstay.model import Workload
from mainstay.system import processes
from mainstay.system.listeners import listens_elsewhere
from mainstay.system.process_runner import Launch, ProcessRunner

log = logging.getLogger(__name__)

NOT_READY_EVERY_S = 0.5
"""Maximum seconds between probes of an instance that is not ready, and after a failed probe of a ready one."""
CHEAP_PROBE_EVERY_S = 0.05
"""Seconds between probes of an instance that does not listen yet, and of a datastore that is not ready yet."""
LIVENESS_PROBES = 10
"""Number of liveness probes within `stuck_after_s` seconds; fewer if their pause would be below `every_s`."""
_NOT_STARTED = Probe("refused")
"""The result while the stub, which starts the service, has not executed it: its process does not prove readiness."""


class HealthChecks:
    """The health checks of all instances of the environment, which update their *runtimes*.

    The checks call *wake* when readiness has changed and *kill* to kill an instance; *tail* returns the last lines of
    output for the id and the service of an instance.
    """

    def __init__(
        self,
        runtimes: dict[str, Runtime],
        runner: ProcessRunner,
        limits: ResourceLimits,
        wake: Callable[[], None],
        kill: Callable[[str], None],
        tail: Callable[[str, str], tuple[str, ...]],
    ) -> None:
        self._runtimes = runtimes
        self._runner = runner
        self._limits = limits
        self._tail = tail
        self._wake = wake
        self._kill = kill

    async def check_readiness(self, name: str, workload: Workload, port: int | None, launch: Launch) -> None:
        """Probe the readiness of the instance until this task is cancelled."""
        while True:
            before = self._runtimes[name]
            started = before.answers or not self._runner.starting(name)
            timeout_s = lifecycle.probe_timeout(before, workload)
            probe = await probe_readiness(workload.health, port, launch, timeout_s) if started else _NOT_STARTED
            before = self._runtimes[name]
            after = lifecycle.after_probe(before, workload, probe, processes.boottime())
            self._runtimes[name] = after
            if before.record.steady != after.record.steady:
                # Persisted before it is reported: a client that reads "ready" may send it traffic.
                write_record(self._runner, name, after.record)
            if (before.answers, before.record.steady) != (after.answers, after.record.steady):
                self._wake()
            await asyncio.sleep(_pause(after, workload, probe))

    async def check_liveness(self, name: str, workload: Workload, port: int | None) -> None:
        """Probe the liveness of a steady instance; kill it when it is stuck, so that its exit counts as a crash."""
        while True:
            await asyncio.sleep(max(workload.health.every_s, workload.health.stuck_after_s / LIVENESS_PROBES))
            if not self._runtimes[name].record.steady:
                continue  # Until the instance is steady, only its readiness probe counts.
            good = (await probe_liveness(workload.health, port)).good
            now = processes.boottime()
            self._runtimes[name] = lifecycle.after_live(self._runtimes[name], workload, good, now)
            if lifecycle.is_stuck(self._runtimes[name], workload, now):
                log.warning("%s is %s", name, self._runtimes[name].reason)
                self._kill(name)
                return

    def sample_memory(self, desired: Desired) -> None:
        """Record each instance's resident memory; kill those over their limit where the kernel does not enforce it."""
        sessions = processes.sessions() if self._runtimes else {}
        for name, runtime in list(self._runtimes.items()):
            if runtime.process is None or name not in desired.instances:
                continue
            held = processes.resident_bytes(sessions.get(runtime.process.pid, ()))
            limit = member_of(desired, desired.instances[name]).workload.memory_bytes
            self._runtimes[name] = replace(runtime, memory_bytes=held)
            if limit is not None and held > limit and not self._limits.enforces_memory:
                self._runtimes[name] = replace(self._runtimes[name], reason=out_of_memory(limit))
                self._kill(name)

    def sample_listening(self, desired: Desired) -> None:
        """Record each instance's last lines, and where it listens instead of its own address.

        An instance is sampled until it is steady and once after that; if it was already steady when adopted, once.
        """
        for name, runtime in list(self._runtimes.items()):
            one = desired.instances.get(name)
            known = runtime.record.steady and runtime.listens_elsewhere is not None
            if one is None or runtime.process is None or known:
                continue
            addresses = ""
            if one.slot is not None and one.port:
                addresses = listens_elsewhere(self._runner.members(name, runtime.process), one.port)
            self._runtimes[name] = replace(runtime, listens_elsewhere=addresses, tail=self._tail(name, one.service))


def _pause(runtime: Runtime, workload: Workload, probe: Probe) -> float:
    """Return the seconds until the next readiness probe."""
    soon = min(NOT_READY_EVERY_S, workload.health.every_s)
    if runtime.record.steady:
        return workload.health.every_s if probe.good else soon
    if runtime.good_since is None:
        return min(CHEAP_PROBE_EVERY_S, soon) if probe.result == "refused" or workload.datastore else soon
    left = runtime.good_since + workload.steady_s - processes.boottime()
    return max(0.001, min(left, soon))
