"""Start and stop the HAProxy process, and end the workers that an earlier one left behind."""

import asyncio
import contextlib
from collections.abc import Iterable
from signal import SIGTERM

from mainstay.drivers.edge.haproxy.config.assets import BRIDGE_SOCKETS
from mainstay.drivers.edge.haproxy.config.render import CONFIGURATION
from mainstay.drivers.edge.haproxy.program import binary
from mainstay.errors import StepFailed, Unreachable
from mainstay.system import processes
from mainstay.system.log_lines import last_lines
from mainstay.system.ports import is_free
from mainstay.system.process_runner import Launch, ProcessRunner
from mainstay.system.processes import ProcessId
from mainstay.system.state_dir import Folders

ID = "edge"
STOPS_WITHIN_S = 5.0
FREED_WITHIN_S = 1
"""Seconds to wait for the ports of a killed worker."""


class HaproxyProcess:
    """HAProxy's master process and its workers.

    They keep running when the supervisor ends, and the next supervisor adopts them.
    """

    def __init__(self, folders: Folders, runner: ProcessRunner) -> None:
        self._folders = folders
        self._runner = runner
        self.master_socket = folders.sockets / "master.sock"

    def running(self) -> ProcessId | None:
        """Return the master process; None if it does not run."""
        return self._runner.alive(ID)

    def members(self) -> tuple[int, ...]:
        """Return the pids of the master and its workers; none when the master does not run."""
        process = self.running()
        return self._runner.members(ID, process) if process else ()

    def stopped_pids(self) -> tuple[int, ...]:
        """Return the pids of those of the master and its workers that a signal (SIGSTOP) has stopped."""
        return tuple(sorted(filter(processes.is_stopped, self.members())))

    def master_is_stopped(self) -> bool:
        """Return whether a signal (SIGSTOP) has stopped the master."""
        process = self.running()
        return process is not None and processes.is_stopped(process.pid)

    def start(self) -> ProcessId | None:
        """Start HAProxy with the configuration in its folder, and return the master.

        None if the master has ended already, or while an earlier start is not finished.
        """
        logs = self._folders.logs / ID
        logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = str(self._folders.edge)
        master = f"{self.master_socket},mode,600"
        command = (binary(), "-W", "-S", master, "-C", folder, "-f", f"{folder}/{CONFIGURATION}")
        return self._runner.start(ID, Launch(command, folder, str(logs / f"{ID}.out"), str(logs / f"{ID}.err")))

    def failure(self, what: str) -> StepFailed:
        """Return an error with the message *what* and the last alert in HAProxy's log."""
        alerts = [line for line in last_lines(self._folders.logs / ID / f"{ID}.err") if "[ALERT]" in line]
        return StepFailed(f"{what}: {alerts[-1] if alerts else 'it wrote no reason'}", remedy="mainstay logs edge")

    def kill(self) -> None:
        """Send SIGKILL to the master and its workers. This ends a frozen HAProxy too."""
        process = self._runner.started(ID)
        if process is not None:
            self._runner.end_all(ID, process)

    async def stop(self) -> None:
        """Stop HAProxy and remove its sockets. Requests in flight are cut, so the caller must have drained the slots.

        Raises Unreachable when a worker does not end.
        """
        process = self.running()
        if process is not None:
            self._runner.signal(process, SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._runner.exit(process), STOPS_WITHIN_S)
        await self.end_leftovers()
        bridges = self._folders.sockets.glob(BRIDGE_SOCKETS)
        for socket in (self._folders.haproxy_socket, self._folders.preview_socket, self.master_socket, *bridges):
            socket.unlink(missing_ok=True)

    async def end_leftovers(self) -> None:
        """End the workers that a killed master left behind, since they would hold the ports.

        Raises Unreachable when they do not end in time.
        """
        before = self._runner.started(ID)
        if before is None:
            return
        try:
            async with asyncio.timeout(STOPS_WITHIN_S):
                while self._runner.end_all(ID, before):
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise Unreachable(f"HAProxy's old workers did not end within {STOPS_WITHIN_S:g} s") from None

    async def wait_until_free(self, ports: Iterable[int], address: str) -> None:
        """Wait up to 1 s until *ports* are free: a killed worker may take a moment to release them."""
        for _ in range(FREED_WITHIN_S * 50 if self._runner.started(ID) else 0):
            if all(is_free(port, address) for port in ports):
                return
            await asyncio.sleep(0.02)
