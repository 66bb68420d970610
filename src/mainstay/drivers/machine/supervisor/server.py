"""The server at the supervisor's socket: each request and each answer is one line.

The supervisor stores a request that changes the desired state on disk before it answers. Heartbeats are not stored.
"""

import asyncio
import logging
import os
import stat
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec.structs import replace

from mainstay.drivers.machine import protocol
from mainstay.drivers.machine.state import transitions
from mainstay.drivers.machine.state.addresses import allocate
from mainstay.drivers.machine.state.upstreams import desired_edge
from mainstay.drivers.machine.supervisor.report import running, serving
from mainstay.drivers.machine.supervisor.supervisor import Supervisor
from mainstay.errors import BadInput, MainstayError

log = logging.getLogger(__name__)

MAX_LINE_BYTES = 64 * 2**20


class SocketServer:
    """Answers the requests of clients.

    *reexecute* replaces this process by the newer program. It is called when a client has a newer protocol.
    """

    def __init__(self, supervisor: Supervisor, reexecute: Callable[[], None]) -> None:
        self._supervisor = supervisor
        self._reexecute = reexecute

    async def open(self) -> asyncio.Server:
        """Listen on the socket, which only this user and root can open.

        The caller holds the supervisor's lock, so no other supervisor listens on the path. Raises BadInput when another
        user could replace the socket.
        """
        path = self._supervisor.folders.supervisor_socket
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_foreign_folder(path.parent)
        path.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self._serve, path, limit=MAX_LINE_BYTES)
        path.chmod(0o600)
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                answer = await self._answer_line(line)
                writer.write(protocol.to_line(answer))
                await writer.drain()
                if isinstance(answer, protocol.Welcome) and answer.reexecuting:
                    log.info("a client uses a newer protocol: becoming the newer program")
                    self._reexecute()
        except (ConnectionError, ValueError) as error:
            log.debug("a connection was lost: %s", error)
        finally:
            writer.close()

    async def _answer_line(self, line: bytes) -> protocol.Answer:
        try:
            return await self._answer(protocol.requests.decode(line))
        except msgspec.DecodeError as error:
            return protocol.Refused("bad-input", f"not a request: {error}")
        except MainstayError as error:
            return protocol.Refused(error.code, error.what, error.remedy)
        except ConnectionError:
            raise  # A client that receives no answer repeats its request.
        except (OSError, TimeoutError) as error:
            return protocol.Refused("unreachable", f"the supervisor could not store or execute the request: {error}")

    async def _answer(self, request: protocol.Request) -> protocol.Answer:
        supervisor = self._supervisor
        match request:
            case protocol.Hello(protocol=version):
                return protocol.Welcome(protocol.PROTOCOL, os.getpid(), reexecuting=version > protocol.PROTOCOL)
            case protocol.GetFleet():
                return protocol.FleetAnswer(running(supervisor))
            case protocol.GetTraffic():
                return protocol.TrafficAnswer(await serving(supervisor))
            case protocol.GetSignals(ago_s=ago_s):
                return protocol.SignalsAnswer(supervisor.edge.signals(ago_s))
            case protocol.GetJob(id=identity):
                return protocol.JobAnswer(supervisor.jobs.state(identity, identity in supervisor.state.desired.jobs))
            case protocol.StopJob(fence=fence, id=identity):
                transitions.refuse_older(supervisor.state.desired, fence)
                # A job that has not been started yet must not be started.
                jobs = {name: job for name, job in supervisor.state.desired.jobs.items() if name != identity}
                supervisor.state.keep(replace(supervisor.state.desired, jobs=jobs))
                await supervisor.jobs.stop(identity)
            case protocol.StartJob(fence=fence, job=job) if supervisor.jobs.state(job.id).state != "none":
                transitions.refuse_older(supervisor.state.desired, fence)
            case protocol.SetEdge():
                _require_free_ports(supervisor, request)
                supervisor.apply(request)
            case _:
                supervisor.apply(request)
        return protocol.Accepted()


def _refuse_foreign_folder(folder: Path) -> None:
    """Raise BadInput unless this user owns *folder* and no other user can write to it.

    When the folder is outside the state folder, another user may have created it first.
    """
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise BadInput(
            f"{folder} can be changed by other users", remedy=f"find out who created {folder}, then remove it"
        )


def _require_free_ports(supervisor: Supervisor, request: protocol.SetEdge) -> None:
    transitions.refuse_older(supervisor.state.desired, request.fence)
    with_edge = replace(supervisor.state.desired, edge=request.wanted)
    supervisor.edge.require_free_ports(desired_edge(allocate(with_edge, supervisor.folders.state), {}))
