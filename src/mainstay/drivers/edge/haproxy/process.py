"""The HAProxy process of the edge: start, adopt, reload, and set its slots."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from signal import SIGTERM, SIGUSR2
from typing import NamedTuple

from mainstay.drivers.edge.haproxy.certificates import PEM, DoorCertificate, challenge_map, fingerprint
from mainstay.drivers.edge.haproxy.commands import commands_for, differs
from mainstay.drivers.edge.haproxy.config.assets import SOCKETS
from mainstay.drivers.edge.haproxy.config.render import CONFIGURATION, Rendered, render
from mainstay.drivers.edge.haproxy.maintenance import Maps, maintenance_maps, map_commands, map_file
from mainstay.drivers.edge.haproxy.preview_key import make_key
from mainstay.drivers.edge.haproxy.program import binary, worker_user
from mainstay.drivers.edge.haproxy.replies import ServerState
from mainstay.drivers.edge.haproxy.runtime_api import NotListening, RuntimeApi
from mainstay.drivers.edge.haproxy.slots import SIDES, Actual, Slot, actual
from mainstay.drivers.edge.haproxy.state_files import RELEASES, SERVERS, releases_map, server_state
from mainstay.errors import StepFailed, Unreachable
from mainstay.model import Edge
from mainstay.system import processes
from mainstay.system.atomic_file import atomic_write, move
from mainstay.system.listeners import require_free_ports
from mainstay.system.log_lines import last_lines
from mainstay.system.ports import is_free
from mainstay.system.process_runner import Launch, ProcessRunner
from mainstay.system.processes import ProcessId
from mainstay.system.state_dir import Folders

log = logging.getLogger(__name__)

ID = "edge"
LOADS_WITHIN_S = 10.0
STOPS_WITHIN_S = 5.0
FREED_WITHIN_S = 1
OPEN = maintenance_maps(None)
"""The maps while there is no maintenance."""


class Worker(NamedTuple):
    """A worker process: its pid, the access log lines that it has dropped, and its open connections from clients."""

    pid: str
    dropped_lines: int
    connections: int


class Proxy:
    """HAProxy under the supervisor. It keeps running when the supervisor ends, and the next supervisor adopts it.

    Only one caller at a time may call `converge`.
    """

    def __init__(self, folders: Folders, runner: ProcessRunner) -> None:
        self._folders = folders
        self._runner = runner
        self._master_socket = folders.sockets / "master.sock"
        self._api = RuntimeApi(folders.haproxy_socket, self._master_socket)
        self._slots: tuple[Slot, ...] = ()
        self._maps = OPEN
        self.certificate = DoorCertificate(folders)

    def process(self) -> ProcessId | None:
        """Return HAProxy's master process; None if it does not run."""
        return self._runner.alive(ID)

    def require_free_ports(self, edge: Edge, ports: Mapping[str, int], counts: Mapping[str, int]) -> None:
        """Raise PortTaken, naming the holder, when another program uses a port of *edge*."""
        self._require_free_ports(edge, render(edge, counts, ports, self._folders))

    async def converge(
        self, edge: Edge | None, ports: Mapping[str, int], slots: Sequence[Slot], maps: Maps = OPEN
    ) -> None:
        """Make HAProxy serve *edge* with *slots*; None stops it. Fast when nothing has changed.

        *ports* are the allocated ports in `desired.json`, *maps* those of `maintenance_maps`. HAProxy reloads only for
        changes outside its slots and maps.

        Raises PortTaken when a port is in use, BadInput when there is no usable certificate, StepFailed when HAProxy
        rejects a change, Unreachable when it does not respond.
        """
        self._slots, self._maps = tuple(slots), maps
        if edge is None:
            await self.stop()
            return
        pem = self.certificate.keep(edge)
        self._maps = {**maps, **challenge_map(edge, self._folders)}
        rendered = render(
            edge, Counter(slot.service for slot in slots if not slot.side), ports, self._folders, worker_user()
        )
        process = self.process()
        if process is None or await self._loaded_generation() != rendered.generation:
            if process is None:
                await self._end_leftovers()
                await self._wait_until_free(edge, rendered)
            self._require_free_ports(edge, rendered)
            await self._install(rendered)
            if process is None:
                process = self._start()
            else:
                self._runner.signal(process, SIGUSR2)
            await self._wait_until_loaded(rendered, process)
        if pem and await self._api.certificate(PEM) != fingerprint(pem):
            await self._api.set_certificate(PEM, pem)
        await self._apply_slots(await self._api.servers())
        await self._apply_maps()  # Last: on a full disk it fails, and traffic must still change.

    async def actual(self) -> Actual:
        """Return the actual traffic and preview, by the slots that receive requests now."""
        if self.process() is None:
            return Actual()
        now, numbers = await asyncio.gather(self._api.servers(), self._api.map_entries(RELEASES))
        return actual(self._slots, now, numbers)

    async def requests_in_flight(self, service: str, slot: int) -> int:
        """Return the slot's requests in flight, also those of the preview and of workers that finish old requests."""
        if self.process() is None:
            return 0
        counts = await self._api.requests_in_flight()
        return sum(counts[Slot(service, slot, side=side).server] for side in SIDES)

    async def worker(self) -> Worker:
        """Return the current worker."""
        info = await self._api.info()
        return Worker(info["Pid"], int(info.get("DroppedLogs", 0)), int(info.get("CurrConns", 0)))

    async def failed_attempts(self) -> dict[str, int]:
        """Return how often the current worker did not reach each server by name."""
        return await self._api.failed_attempts()

    async def late(self) -> dict[str, str]:
        """Return the server of each late request of the current worker, by stream."""
        return await self._api.late()

    def stopped_pids(self) -> tuple[int, ...]:
        """Return the pids of those of the master and its workers that are stopped by a signal."""
        return tuple(sorted(filter(processes.is_stopped, self._members())))

    def master_is_stopped(self) -> bool:
        """Return whether the master is stopped by a signal."""
        process = self.process()
        return process is not None and processes.is_stopped(process.pid)

    def kill(self) -> None:
        """Send SIGKILL to the master and its workers, which ends a frozen HAProxy too."""
        process = self._runner.started(ID)
        if process is not None:
            self._runner.end_all(ID, process)

    async def stop(self) -> None:
        """Stop HAProxy at once and remove its sockets. The caller must have drained the slots."""
        process = self.process()
        if process is not None:
            self._runner.signal(process, SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._runner.exit(process), STOPS_WITHIN_S)
        await self._end_leftovers()
        bridges = self._folders.sockets.glob(SOCKETS)
        for socket in (self._folders.haproxy_socket, self._folders.preview_socket, self._master_socket, *bridges):
            socket.unlink(missing_ok=True)

    def _members(self) -> tuple[int, ...]:
        """Return the pids of the master and its workers; none when the master does not run."""
        process = self.process()
        return self._runner.members(ID, process) if process else ()

    def _require_free_ports(self, edge: Edge, rendered: Rendered) -> None:
        require_free_ports(rendered.ports, edge.address, ours=self._members(), internal=rendered.internal)

    async def _loaded_generation(self) -> str:
        """Return the generation of the configuration that HAProxy has loaded; empty while it does not listen.

        Raises Unreachable when HAProxy is frozen, since a reload would have no effect.
        """
        try:
            return (await self._api.info()).get("description", "")
        except NotListening:
            return ""

    async def _install(self, rendered: Rendered) -> None:
        """Write the slots' state files, check the configuration with HAProxy, and move it into place if it is valid."""
        folder = self._folders.edge
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folders.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write_slots()
        make_key(folder)
        part = folder / f"{CONFIGURATION}.part"
        part.write_text(rendered.text)
        check = await asyncio.create_subprocess_exec(
            binary(), "-c", "-C", str(folder), "-f", str(part),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        out, _ = await check.communicate()
        if check.returncode != 0:
            lines = out.decode(errors="replace").splitlines() or [f"exit code {check.returncode}"]
            fault = next((line for line in lines if "[ALERT]" in line), lines[-1])
            raise StepFailed(f"HAProxy rejects its configuration: {fault}", remedy=f"read {part}")
        move(part, folder / CONFIGURATION)

    def _write_slots(self) -> None:
        maps = ((name, map_file(entries)) for name, entries in self._maps.items())
        for name, text in ((RELEASES, releases_map(self._slots)), (SERVERS, server_state(self._slots)), *maps):
            path = self._folders.edge / name
            if not path.exists() or path.read_text() != text:
                atomic_write(path, text.encode())

    def _start(self) -> ProcessId | None:
        logs = self._folders.logs / ID
        logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = str(self._folders.edge)
        master = f"{self._master_socket},mode,600"
        command = (binary(), "-W", "-S", master, "-C", folder, "-f", f"{folder}/{CONFIGURATION}")
        return self._runner.start(ID, Launch(command, folder, str(logs / f"{ID}.out"), str(logs / f"{ID}.err")))

    async def _end_leftovers(self) -> None:
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

    async def _wait_until_free(self, edge: Edge, rendered: Rendered) -> None:
        """Wait up to 1 s until the ports are free: a killed worker may take a moment to release them."""
        for _ in range(FREED_WITHIN_S * 50 if self._runner.started(ID) else 0):
            if all(is_free(port, edge.address) for port in rendered.ports):
                return
            await asyncio.sleep(0.02)

    async def _wait_until_loaded(self, rendered: Rendered, process: ProcessId | None) -> None:
        try:
            async with asyncio.timeout(LOADS_WITHIN_S):
                while True:
                    with contextlib.suppress(Unreachable):
                        if await self._loaded_generation() == rendered.generation:
                            return
                    if process is not None and not processes.is_alive(process):
                        raise self._failed("HAProxy exited before it had loaded its configuration")
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise self._failed(f"HAProxy did not load its configuration within {LOADS_WITHIN_S:g} s") from None

    def _failed(self, what: str) -> StepFailed:
        alerts = [line for line in last_lines(self._folders.logs / ID / f"{ID}.err") if "[ALERT]" in line]
        return StepFailed(f"{what}: {alerts[-1] if alerts else 'it wrote no reason'}", remedy="mainstay logs edge")

    async def _apply_maps(self) -> None:
        """Send the commands for all differences of the maps. Their files are durable first, for the next worker."""
        names = tuple(self._maps)
        now = dict(zip(names, await asyncio.gather(*(self._api.map_entries(name) for name in names)), strict=True))
        if commands := map_commands(self._maps, now):
            self._write_slots()
            await self._api.send(commands)

    async def _apply_slots(self, now: Mapping[str, ServerState]) -> None:
        """Send the commands for all differences, then read back. Raises Unreachable when a slot was not changed."""
        commands = commands_for(self._slots, now, await self._api.map_entries(RELEASES))
        if not commands:
            return
        try:
            self._write_slots()
        except OSError as error:  # On a full disk traffic must still change; the next change writes the files again.
            log.error("the slots could not be stored for HAProxy's next start: %s", error)
        await self._api.send(commands)
        after = await self._api.servers()
        for slot in self._slots:
            if differs(slot, after[slot.server]):
                raise Unreachable(f"HAProxy did not change slot {slot.server}: {after[slot.server]}")
