"""The server at the supervisor's socket: each request and each answer is one line.

A request that changes the desired state is durable before it is answered.
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
from mainstay.drivers.machine.supervisor.daemon import Daemon
from mainstay.drivers.machine.supervisor.report import running, serving
from mainstay.errors import BadInput, MainstayError

log = logging.getLogger(__name__)

MAX_LINE_BYTES = 64 * 2**20


class SocketServer:
    """Answers the requests of clients. `reexecute` is called when a client uses a newer protocol."""

    def __init__(self, daemon: Daemon, reexecute: Callable[[], None]) -> None:
        self._daemon = daemon
        self._reexecute = reexecute

    async def open(self) -> asyncio.Server:
        """Listen on the socket, open to this user only. Raises BadInput when its folder is not this user's alone.

        The caller holds the supervisor's lock, so no other daemon listens at the path.
        """
        path = self._daemon.folders.supervisor_socket
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
        daemon = self._daemon
        match request:
            case protocol.Hello(protocol=version):
                return protocol.Welcome(protocol.PROTOCOL, os.getpid(), reexecuting=version > protocol.PROTOCOL)
            case protocol.GetFleet():
                return protocol.FleetAnswer(running(daemon))
            case protocol.GetTraffic():
                return protocol.TrafficAnswer(await serving(daemon))
            case protocol.GetSignals(ago_s=ago_s):
                return protocol.SignalsAnswer(daemon.edge.signals(ago_s))
            case protocol.GetJob(id=identity):
                return protocol.JobAnswer(daemon.jobs.state(identity, identity in daemon.state.desired.jobs))
            case protocol.StopJob(fence=fence, id=identity):
                transitions.refuse_older(daemon.state.desired, fence)
                # A job that has not been started yet must not be started.
                jobs = {name: job for name, job in daemon.state.desired.jobs.items() if name != identity}
                daemon.state.keep(replace(daemon.state.desired, jobs=jobs))
                await daemon.jobs.stop(identity)
            case protocol.StartJob(fence=fence, job=job) if daemon.jobs.state(job.id).state != "none":
                transitions.refuse_older(daemon.state.desired, fence)
            case protocol.SetEdge():
                _refuse_taken(daemon, request)
                daemon.apply(request)
            case _:
                daemon.apply(request)
        return protocol.Accepted()


def _refuse_foreign_folder(folder: Path) -> None:
    """Raise BadInput unless *folder* is a folder that only this user owns and can write to.

    Outside the state folder, another user may have created it first.
    """
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise BadInput(
            f"{folder} can be changed by other users", remedy=f"find out who created {folder}, then remove it"
        )


def _refuse_taken(daemon: Daemon, request: protocol.SetEdge) -> None:
    transitions.refuse_older(daemon.state.desired, request.fence)
    with_edge = replace(daemon.state.desired, edge=request.wanted)
    daemon.edge.refuse_taken(desired_edge(allocate(with_edge, daemon.folders.state), {}))
