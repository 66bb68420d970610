"""The supervisor: reconciles the actual state with the desired state after every event."""

import asyncio
import itertools
import logging
import math
from collections import Counter
from collections.abc import Mapping

from msgspec.structs import replace

from mainstay.drivers.edge.acme.renewer import CertificateRenewer
from mainstay.drivers.edge.haproxy import problems
from mainstay.drivers.edge.haproxy.controller import RETRY_AFTER_S, EdgeController
from mainstay.drivers.machine.instances.cgroups import ResourceLimits
from mainstay.drivers.machine.instances.instances import Instances
from mainstay.drivers.machine.instances.jobs import Jobs
from mainstay.drivers.machine.instances.launch import Launching
from mainstay.drivers.machine.logs.watch import LogWatch
from mainstay.drivers.machine.protocol import Changing, LeaseHeartbeat, SetFleet, SetMaintenance, SetShifts, StartAll
from mainstay.drivers.machine.state import transitions
from mainstay.drivers.machine.state.addresses import allocate, listeners
from mainstay.drivers.machine.state.decide import Decision, cancelled_drains, decide
from mainstay.drivers.machine.state.lifecycle import Runtime
from mainstay.drivers.machine.state.placement import placed, with_proven
from mainstay.drivers.machine.state.upstreams import desired_edge, upstream
from mainstay.drivers.machine.supervisor import shift_gate
from mainstay.drivers.machine.supervisor.actions import Actions
from mainstay.drivers.machine.supervisor.desired_state import DesiredState
from mainstay.drivers.machine.supervisor.shift_gate import ShiftGate
from mainstay.drivers.secrets.sealed_file import SealedFile
from mainstay.errors import Unreachable
from mainstay.system import processes
from mainstay.system.background_tasks import BackgroundTasks
from mainstay.system.state_dir import Folders
from mainstay.text.plural import counted

log = logging.getLogger(__name__)

TICK_S = problems.PROBE_EVERY_S
MEMORY_TICKS = 5
"""Ticks between memory samples where the kernel enforces the limits: the samples are then only for display."""
RECONCILE_TICKS = 5
"""Ticks between passes that run even when nothing has happened, to compare HAProxy's slots with the desired state."""
LINGER_S = 5.0
"""Seconds after its start for which the supervisor of a stopped environment waits for a request before it exits."""


class Supervisor:
    """The supervisor of one environment: `apply` stores requests, `reconcile` executes them.

    Every request except a heartbeat is on disk before the supervisor acts on it.
    """

    def __init__(self, folders: Folders) -> None:
        self.folders = folders
        self.state = DesiredState(folders.desired)
        self._woken = asyncio.Event()
        launching = Launching(folders, SealedFile(folders.sealed, folders.secret_key))
        self.limits = ResourceLimits(folders.state)
        self._watches = BackgroundTasks(self._woken.set)
        self.instances = Instances(folders, launching, self.limits, self._watches, self._woken.set)
        self.actions = Actions(self.instances, self.state, folders, self._woken.set)
        self.jobs = Jobs(folders, launching, self._watches, self._woken.set)
        self.edge = EdgeController(folders, self._watches, self._woken.set)
        self.certificates = CertificateRenewer(folders, self._watches, self._woken.set)
        self.logs = LogWatch(folders.logs)
        self.cut: Counter[str] = Counter()
        """By revision, how many requests were in flight when drains timed out, since this supervisor started."""
        self.shift_gate = ShiftGate(self.edge, self.state)
        self._linger_until = processes.boottime() + LINGER_S
        self._ended = False

    def apply(self, request: Changing) -> None:
        """Persist *request*, except a heartbeat; reconciliation executes it later.

        Raises FenceRefused for a run with an older fence, ConnectionAbortedError when this supervisor is exiting, and
        InvariantBroken or OSError when the result is invalid or cannot be written.
        """
        if self._ended:
            raise ConnectionAbortedError("the supervisor is exiting; send the request again")
        if isinstance(request, SetFleet):
            transitions.refuse_older(self.state.desired, request.fence)
            self.instances.clear_failures(self.state.desired, request.wanted)
        if isinstance(request, StartAll):
            # Right after a boot the supervisor has read no records yet. Instances that failed before it must start too.
            self.instances.adopt(self.state.desired)
            self.instances.clear_failures(self.state.desired)
            self.certificates.retry()
        if isinstance(request, SetMaintenance):
            log.info("maintenance is %s", f"on, by {request.wanted.by}" if request.wanted else "off")
        after = transitions.after(self.state.desired, request, self.state.boot, processes.boottime())
        if isinstance(request, SetShifts):
            self.shift_gate.begin()
        if isinstance(request, LeaseHeartbeat) and after.fence == self.state.desired.fence:
            # A heartbeat arrives each second, so it is not written: a restarted supervisor restarts the time limit.
            self.state.desired = after
        else:
            self.state.keep(after)
        self._linger_until = 0.0
        self._woken.set()

    async def reconcile(self) -> None:
        """Reconcile the actual state with the desired state until the environment is stopped."""
        self.logs.start()
        self._watches.add("tick", self._tick())
        try:
            while True:
                await self.edge.open()
                await self._reconcile_until_stopped()
                try:
                    await self.edge.stop()
                except Unreachable as error:  # The next start of the edge ends its remaining processes.
                    log.error("the edge did not stop completely: %s", error)
                if self.state.is_stopped():
                    break  # No start was requested meanwhile, and from here on `apply` refuses every request.
        finally:
            self._ended = True
            self._watches.cancel("tick")
            self.certificates.cancel()
            self.logs.close()
        self.limits.close()

    async def _reconcile_until_stopped(self) -> None:
        while True:
            self._woken.clear()
            self._watches.raise_failure()
            next_at = await self._reconcile_or_retry()
            if self.state.is_stopped() and processes.boottime() >= self._linger_until:
                return
            await self._until(next_at)

    def is_running(self) -> bool:
        """Return whether the environment must run or still runs; False once all instances and HAProxy are stopped."""
        return self.state.desired.started or not self.state.is_stopped() or self.edge.is_alive()

    async def _reconcile_or_retry(self) -> float:
        with self.state.observed_pass():
            try:
                return await self._reconcile_once()
            except OSError as error:  # A full disk must not end the supervisor, or no instance is restarted.
                log.error("could not reconcile, trying again: %s", error)
                return processes.boottime() + RETRY_AFTER_S

    async def _reconcile_once(self) -> float:
        await self.shift_gate.apply_next()
        starting = self.instances.adopt(self.state.desired)
        self._place_instances()
        # One of the instances that were just placed may still run from before a crash.
        starting |= self.instances.adopt(self.state.desired)
        before = dict(self.instances.runtimes)
        decided = await self._decide(starting)
        converged = await self._update_edge(before)
        self.instances.record_state_changes(self.state.desired)
        self.actions.execute(decided.actions)
        self._start_jobs()
        pause = math.inf if self.state.desired.pending is None else shift_gate.CHECK_EVERY_S
        return min(decided.next_at, processes.boottime() + (pause if converged else RETRY_AFTER_S))

    async def _decide(self, starting: frozenset[str]) -> Decision:
        """Decide on the next actions; update the runtimes, and count killed instances and requests cut by a drain."""
        runtimes = self.instances.runtimes
        draining = {
            name: upstream(one)
            for name, one in self.state.desired.instances.items()
            if runtimes[name].drain_since and not runtimes[name].drained
        }
        in_flight = await self.edge.requests_in_flight(draining)
        decided = decide(self.state.desired, runtimes, in_flight, starting, processes.boottime())
        killed = {
            name for name, one in decided.runtimes.items() if one.force_killed and not runtimes[name].force_killed
        }
        self._count_force_killed(Counter(map(self.state.revision_of, killed)))
        runtimes.update(decided.runtimes)
        for name, count in decided.cut.items():
            log.warning("%s: %s still in flight after its drain", name, counted(count, "request"))
            self.cut[self.state.revision_of(name)] += count
        return decided

    async def _update_edge(self, before: Mapping[str, Runtime]) -> bool:
        """Bring HAProxy to the desired state; return whether that succeeded.

        If a running HAProxy could not be updated, cancel the drains that began in this pass, because it still sends
        requests to their instances. *before* are the runtimes at the start of the pass.
        """
        desired, runtimes = self.state.desired, self.instances.runtimes
        converged = await self.edge.converge(desired_edge(desired, runtimes))
        if converged:
            self.shift_gate.applied(desired.traffic)
        elif self.edge.is_alive():
            runtimes.update(cancelled_drains(before, runtimes))
        return converged

    def _count_force_killed(self, killed: Counter[str]) -> None:
        total = Counter(self.state.desired.force_killed) + killed
        try:
            self.state.keep_if_valid(replace(self.state.desired, force_killed=dict(total)))
        except OSError as error:  # A full disk must not keep instances from being restarted and stopped.
            log.error("could not record the kill of %s: %s", ", ".join(sorted(killed)), error)

    def _place_instances(self) -> None:
        """Revert traffic whose lease has expired, record proven revisions, and place instances with ports and slots.

        All of it is persisted before any instance starts.
        """
        runtimes = self.instances.runtimes
        desired = transitions.auto_revert(self.state.desired, self.state.boot, processes.boottime())
        desired = with_proven(desired, runtimes)
        self.instances.proven = frozenset(desired.proven)
        with self.state.rejecting():
            self.state.keep(allocate(placed(desired, runtimes), self.folders.state))

    def _start_jobs(self) -> None:
        desired = self.state.desired
        for job in desired.jobs.values():
            self.jobs.start(job, listeners(desired))
        running = {name: job for name, job in desired.jobs.items() if not self.jobs.has_ended(name)}
        self.state.keep_if_valid(replace(desired, jobs=running))

    async def _until(self, next_at: float) -> None:
        within = next_at - processes.boottime()
        # From Python 3.12 on, waiting for an event that is set does not yield: nothing else would run.
        await asyncio.sleep(0)
        try:
            await asyncio.wait_for(self._woken.wait(), None if math.isinf(within) else max(0.0, within))
        except TimeoutError:
            return

    async def _tick(self) -> None:
        for ticks in itertools.count():
            try:
                self.logs.tick()
            except OSError as error:
                log.error("could not watch or rotate the logs: %s", error)
            self.instances.health.sample_listening(self.state.desired)
            if not self.limits.enforces_memory or ticks % MEMORY_TICKS == 0:
                self.instances.health.sample_memory(self.state.desired)
            await self.edge.probe()
            self.certificates.tick(edge := self.state.desired.edge, serves=self.edge.serves(edge))
            if not self.state.desired.started or ticks % RECONCILE_TICKS == 0:
                self._woken.set()
            await asyncio.sleep(TICK_S)
