"""Converge HAProxy's configuration, slots, maps and certificates to the desired state, if possible without a reload."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mainstay.drivers.edge.haproxy.certificates import EdgeCertificates, challenge_map, fingerprint
from mainstay.drivers.edge.haproxy.commands import commands_for, differs
from mainstay.drivers.edge.haproxy.config.refusals import SCRIPT
from mainstay.drivers.edge.haproxy.config.render import CONFIGURATION, Rendered, render
from mainstay.drivers.edge.haproxy.maintenance import Maps, maintenance_maps, map_commands, map_file
from mainstay.drivers.edge.haproxy.preview_key import make_key
from mainstay.drivers.edge.haproxy.process import HaproxyProcess
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
from mainstay.system.process_runner import ProcessRunner
from mainstay.system.processes import ProcessId
from mainstay.system.state_dir import Folders

log = logging.getLogger(__name__)

LOADS_WITHIN_S = 10.0
OPEN = maintenance_maps(None)
"""The maps without maintenance: the front doors serve all clients."""


class Worker(NamedTuple):
    """A worker process of HAProxy.

    `dropped_lines` is the number of access log lines that it has dropped since it started; `connections` is the number
    of its open connections from clients.
    """

    pid: str
    dropped_lines: int
    connections: int


class Proxy:
    """The HAProxy of one environment: the process, its files, and the state that its runtime API reads and changes.

    Only one caller at a time may call `converge`.
    """

    def __init__(self, folders: Folders, runner: ProcessRunner) -> None:
        self._folders = folders
        self.process = HaproxyProcess(folders, runner)
        self._api = RuntimeApi(
            folders.haproxy_socket, self.process.master_socket, lambda: self.process.running() is not None
        )
        self._slots: tuple[Slot, ...] = ()
        self._maps = OPEN
        self.certificates = EdgeCertificates(folders)

    def require_free_ports(self, edge: Edge, ports: Mapping[str, int], counts: Mapping[str, int]) -> None:
        """Raise PortTaken, naming the program, when another program listens on a port of *edge*.

        *ports* are the allocated ports in `desired.json`, *counts* the number of slots of each service.
        """
        self._require_free_ports(edge, render(edge, counts, ports, self._folders))

    async def converge(
        self, edge: Edge | None, ports: Mapping[str, int], slots: Sequence[Slot], maps: Maps = OPEN
    ) -> None:
        """Make HAProxy serve *edge* with *slots*; when *edge* is None, stop HAProxy.

        *ports* are the allocated ports in `desired.json`, *maps* the result of `maintenance_maps`. HAProxy reloads only
        when something other than slots, maps and the content of certificates changes. Without changes, its state is
        only read.

        Raises PortTaken when a port is in use, BadInput when a certificate is not usable, NotReady when there is no
        HAProxy program, StepFailed when HAProxy rejects a change or exits, Unreachable when it does not respond.
        """
        self._slots, self._maps = tuple(slots), maps
        if edge is None:
            await self.process.stop()
            return
        pems = self.certificates.store(edge)
        self._maps = {**maps, **challenge_map(edge, self._folders)}
        rendered = render(
            edge, Counter(slot.service for slot in slots if not slot.side), ports, self._folders, worker_user()
        )
        running = self.process.running()
        if running is None or await self._loaded_generation() != rendered.generation:
            if running is None:
                await self.process.end_leftovers()
                await self.process.wait_until_free(rendered.ports, edge.address)
            self._require_free_ports(edge, rendered)
            await self._install(rendered)
            if running is None:
                running = self.process.start()
            else:
                await self._api.reload(timeout_s=LOADS_WITHIN_S)
            await self._wait_until_loaded(rendered, running)
        # First: a full disk prevents a change of maps, and HAProxy may refuse a certificate, but traffic must change.
        await self._apply_slots(await self._api.servers())
        await self._apply_maps()
        await self._apply_certificates(edge, pems)

    async def actual(self) -> Actual:
        """Return the releases that receive traffic and preview requests now; empty while HAProxy does not run."""
        if self.process.running() is None:
            return Actual()
        now, numbers = await asyncio.gather(self._api.servers(), self._api.map_entries(RELEASES))
        return actual(self._slots, now, numbers)

    async def requests_in_flight(self, service: str, slot: int) -> int:
        """Return the number of requests in flight to the instance in *slot*, over all backends and all workers."""
        if self.process.running() is None:
            return 0
        counts = await self._api.requests_in_flight()
        return sum(counts[Slot(service, slot, side=side).server] for side in SIDES)

    async def worker(self) -> Worker:
        """Return the state of the current worker. Raises NotListening or NotAnswering when there is no reply."""
        info = await self._api.info()
        return Worker(info["Pid"], int(info.get("DroppedLogs", 0)), int(info.get("CurrConns", 0)))

    async def failed_attempts(self) -> dict[str, int]:
        """Return, by server name, how many of the current worker's attempts to reach the server have failed."""
        return await self._api.failed_attempts()

    async def late(self) -> dict[str, str]:
        """Return the server of each late request of the current worker, by the address of the request's stream.

        A late request has waited at least `LATE_S` seconds for its response.
        """
        return await self._api.late()

    def _require_free_ports(self, edge: Edge, rendered: Rendered) -> None:
        require_free_ports(rendered.ports, edge.address, ours=self.process.members(), internal=rendered.internal)

    async def _loaded_generation(self) -> str:
        """Return the digest of the configuration that HAProxy has loaded; empty while HAProxy does not listen.

        Raises NotAnswering when HAProxy is frozen; a reload would have no effect then.
        """
        try:
            return (await self._api.info()).get("description", "")
        except NotListening:
            return ""

    async def _install(self, rendered: Rendered) -> None:
        """Write the files of slots and maps, check the configuration with HAProxy, and move it into place.

        Raises StepFailed when HAProxy rejects the configuration.
        """
        folder = self._folders.edge
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folders.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write_state_files()
        make_key(folder)
        atomic_write(folder / SCRIPT, rendered.program.encode())
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

    def _write_state_files(self) -> None:
        maps = ((name, map_file(entries)) for name, entries in self._maps.items())
        for name, text in ((RELEASES, releases_map(self._slots)), (SERVERS, server_state(self._slots)), *maps):
            path = self._folders.edge / name
            if not path.exists() or path.read_text() != text:
                atomic_write(path, text.encode())

    async def _wait_until_loaded(self, rendered: Rendered, process: ProcessId | None) -> None:
        try:
            async with asyncio.timeout(LOADS_WITHIN_S):
                while True:
                    with contextlib.suppress(Unreachable):
                        if await self._loaded_generation() == rendered.generation:
                            return
                    if process is not None and not processes.is_alive(process):
                        raise self.process.failure("HAProxy exited before it had loaded its configuration")
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise self.process.failure(f"HAProxy did not load its configuration within {LOADS_WITHIN_S:g} s") from None

    async def _apply_certificates(self, edge: Edge, pems: Mapping[str, bytes]) -> None:
        """Exchange the certificates that differ, and remove the files of those that are not used any more."""
        for name, pem in pems.items():
            if await self._api.certificate(name) != fingerprint(pem):
                await self._api.set_certificate(name, pem)
        self.certificates.remove_unused(edge)

    async def _apply_maps(self) -> None:
        """Update the maps that differ. Their files are written first, because a new worker loads them."""
        names = tuple(self._maps)
        now = dict(zip(names, await asyncio.gather(*(self._api.map_entries(name) for name in names)), strict=True))
        if commands := map_commands(self._maps, now):
            self._write_state_files()
            await self._api.send(commands)

    async def _apply_slots(self, now: Mapping[str, ServerState]) -> None:
        """Update the slots that differ and read them back. Raises Unreachable when HAProxy did not change a slot."""
        commands = commands_for(self._slots, now, await self._api.map_entries(RELEASES))
        if not commands:
            return
        try:
            self._write_state_files()
        except OSError as error:  # On a full disk traffic must still change; the next change writes the files again.
            log.error("the slots could not be stored for HAProxy's next start: %s", error)
        await self._api.send(commands)
        after = await self._api.servers()
        for slot in self._slots:
            if differs(slot, after[slot.server]):
                raise Unreachable(f"HAProxy did not change slot {slot.server}: {after[slot.server]}")
