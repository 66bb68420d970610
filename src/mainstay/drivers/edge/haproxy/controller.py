"""The supervisor's control of the edge: configure HAProxy, probe it, replace a frozen one, and report problems."""

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from mainstay.drivers.edge.haproxy import problems
from mainstay.drivers.edge.haproxy.access_log import AccessLog
from mainstay.drivers.edge.haproxy.desired_edge import DesiredEdge, Upstream
from mainstay.drivers.edge.haproxy.maintenance import maintenance_maps
from mainstay.drivers.edge.haproxy.proxy import Proxy, Worker
from mainstay.drivers.edge.haproxy.runtime_api import NotAnswering
from mainstay.drivers.edge.haproxy.slots import Actual, slots
from mainstay.errors import MainstayError, Unreachable
from mainstay.model import Edge, Note
from mainstay.model.maintenance import Maintenance
from mainstay.model.signals import Signals
from mainstay.model.tls import ServedCertificate
from mainstay.system.background_tasks import BackgroundTasks
from mainstay.system.process_runner import ProcessRunner
from mainstay.system.processes import ProcessId
from mainstay.system.state_dir import Folders

log = logging.getLogger(__name__)

RETRY_AFTER_S = 1.0
FEW_CONNECTIONS = 1000
"""The number of open connections above which late requests are counted only every 5 s, because HAProxy's reply lists
every request in flight."""


class EdgeController:
    """Configures and watches the HAProxy of one environment.

    A failure to configure it does not stop the supervisor, which repeats the attempt each second.
    """

    def __init__(self, folders: Folders, tasks: BackgroundTasks, wake: Callable[[], None]) -> None:
        self._runner = ProcessRunner(folders.instances)
        self._proxy = Proxy(folders, self._runner)
        self._log = AccessLog(folders)
        self._wake = wake
        self._tasks = tasks
        self._watched: ProcessId | None = None
        self._unanswered = 0
        """The number of probes in a row that HAProxy has not answered."""
        self.problem: Note | None = None
        """Why HAProxy does not serve as desired; None when no problem is known."""
        self.edge: Edge | None = None
        """The edge that HAProxy was last configured for; None before the first time, and after HAProxy was stopped."""
        self.maintenance: Maintenance | None = None
        """The maintenance that is in effect; None without maintenance."""

    async def open(self) -> None:
        """Start to receive the access log. Call this before HAProxy starts, so that no line is lost."""
        await self._log.start()

    async def probe(self) -> None:
        """Check that HAProxy answers, and update the counters from its replies; called each second.

        After `UNANSWERED_PROBES` probes in a row without an answer, kill HAProxy. Its exit wakes the supervisor, which
        starts it again.
        """
        process = self._proxy.process.running()
        if process is None:
            self._unanswered = 0
            return  # The supervisor was woken when HAProxy exited.
        try:
            worker = await self._proxy.worker()
        except NotAnswering as error:
            self._unanswered += 1
            self._note(error)
            if self._unanswered >= problems.UNANSWERED_PROBES:
                log.error("killing HAProxy, pid %d: it did not answer %d probes", process.pid, self._unanswered)
                self._unanswered = 0
                self._proxy.process.kill()
        except Unreachable:
            self._unanswered = 0
            self._wake()
        else:
            with contextlib.suppress(OSError):
                self._log.report_dropped(worker.dropped_lines)
            await self._count(worker)
            if self._unanswered:
                self._unanswered = 0
                self._wake()
            self._note_stopped_master()

    async def _count(self, worker: Worker) -> None:
        """Count failed attempts to reach an instance, and late requests, which the access log shows later or never."""
        signals = self._log.signals
        signals.remember()
        with contextlib.suppress(Unreachable):
            if signals.active:  # Without requests there is no attempt, and the reply is long.
                signals.add_failures(worker.pid, await self._proxy.failed_attempts())
            if worker.connections <= FEW_CONNECTIONS or signals.late_are_old():
                signals.add_late(await self._proxy.late() if worker.connections else {})

    def signals(self, ago_s: float = 0.0) -> Signals:
        """Return the counters of requests as they were *ago_s* seconds ago, at most 60."""
        return self._log.signals.signals(ago_s)

    def require_free_ports(self, desired: DesiredEdge) -> None:
        """Raise PortTaken, naming the program, when another program listens on a port of the edge."""
        if desired.edge is not None:
            self._proxy.require_free_ports(desired.edge, desired.ports, desired.slots)

    async def converge(self, desired: DesiredEdge) -> bool:
        """Make HAProxy serve as desired. Return False when that failed or HAProxy is frozen; the caller must retry."""
        if self._unanswered:
            return False  # Every command to a frozen HAProxy would time out and delay the work on the instances.
        if desired.stopping and not self.is_alive():
            # Do not start HAProxy for an environment that stops: if its port is taken, each attempt would delay the
            # stop of the instances.
            return True
        try:
            placed = slots(desired)
            self._log.signals.place(placed)
            maps = maintenance_maps(desired.maintenance, desired.health)
            await self._proxy.converge(desired.edge, desired.ports, placed, maps)
        except (MainstayError, OSError) as error:
            self._note(error)
            return False
        finally:
            self._watch_exit()
        if self.problem is None or self.problem.code != problems.MASTER_STOPPED:
            self.problem = None
        self.edge, self.maintenance = desired.edge, desired.maintenance
        return True

    @property
    def certificates(self) -> tuple[ServedCertificate, ...]:
        """The certificates of the front door, the default one first; empty without TLS and while HAProxy is stopped."""
        return self._proxy.certificates.served if self.is_alive() else ()

    def certificate_notes(self) -> Iterator[Note]:
        """Yield a note for each of the operator's certificates with a problem, and each that expires soon."""
        yield from self._proxy.certificates.problems
        if self.edge is not None and self.edge.tls is not None and self.edge.tls.mode == "files":
            for certificate in self.certificates:
                yield from problems.expiring(certificate, datetime.now(UTC))

    def serves(self, edge: Edge | None) -> bool:
        """Return whether HAProxy serves *edge* without a problem.

        For None, return whether HAProxy was stopped without a problem, or has not been configured yet.
        """
        return self.problem is None and self.edge == edge and (edge is None or self.is_alive())

    async def requests_in_flight(self, upstreams: Mapping[str, Upstream]) -> dict[str, int]:
        """Return the number of requests in flight by instance; instances that cannot be counted are missing."""
        found: dict[str, int] = {}
        if self._unanswered:
            return found
        for name, one in upstreams.items():
            if one.slot is None:
                found[name] = 0  # HAProxy sends requests only to slots.
                continue
            try:
                found[name] = await self._proxy.requests_in_flight(one.service, one.slot)
            except (Unreachable, OSError) as error:
                log.warning("cannot count the requests of %s: %s", name, error)
        return found

    async def actual(self) -> Actual:
        """Return the releases that receive traffic and preview requests now; empty when HAProxy does not answer."""
        if self._unanswered:
            return Actual()
        try:
            return await self._proxy.actual()
        except NotAnswering as error:
            self._note(error)
            self._wake()  # So that the supervisor tries to configure HAProxy, which clears or keeps the problem.
        except (Unreachable, OSError):
            self._wake()
        return Actual()

    def is_alive(self) -> bool:
        """Return whether HAProxy runs."""
        return self._proxy.process.running() is not None

    async def stop(self) -> None:
        """Stop HAProxy, then the access log, which must receive HAProxy's last lines."""
        await self._proxy.process.stop()
        await self._log.stop()

    def _note(self, error: MainstayError | OSError) -> None:
        process = self._proxy.process.running()
        if isinstance(error, NotAnswering) and process is not None:
            found = problems.not_answering(self._proxy.process.stopped_pids() or (process.pid,))
        else:
            found = problems.of(error)
        if found != self.problem:
            log.error("the edge does not serve as desired: %s", found.what)
        self.problem = found

    def _note_stopped_master(self) -> None:
        """Report the problem that a signal has stopped HAProxy's master, or clear it.

        The workers of a stopped master still serve, but reloads and drains hang.
        """
        process = self._proxy.process.running()
        if process is not None and self._proxy.process.master_is_stopped():
            self.problem = problems.stopped_master(process.pid)
        elif self.problem is not None and self.problem.code == problems.MASTER_STOPPED:
            self.problem = None

    def _watch_exit(self) -> None:
        process = self._proxy.process.running()
        if process is not None and process != self._watched:
            self._watched = process
            self._tasks.add("edge", self._wait_for_exit(process))

    async def _wait_for_exit(self, process: ProcessId) -> None:
        await self._runner.exit(process)
        log.warning("HAProxy, pid %d, is gone", process.pid)
        self._unanswered = 0
        self._wake()
