"""A client of HAProxy's runtime API, over the worker's and the master's sockets."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from mainstay.drivers.edge.haproxy import replies
from mainstay.drivers.edge.haproxy.replies import ServerState, UnexpectedReply
from mainstay.errors import StepFailed, Unreachable

MAX_LINE_BYTES = 12_000
"""The longest line of commands; HAProxy reads a line into a buffer of 16 KiB."""
READ_TIMEOUT_S = 1.0
"""Seconds to wait for a reply. A working HAProxy replies in milliseconds, so this timeout detects a frozen one."""
CHANGE_TIMEOUT_S = 5.0
ENDED_WITHIN_S = 2
"""Seconds for which the master may still list a worker that has ended."""


class NotListening(Unreachable):
    """No process listens on the socket: HAProxy is starting, reloading or not running."""


class NotAnswering(Unreachable):
    """HAProxy listens on the socket but does not reply in time: it is frozen, or the machine is overloaded."""


class RuntimeApi:
    """The runtime API of one HAProxy: the current worker's at *socket*, and every worker's through the *master* socket.

    *is_running* returns whether HAProxy runs. If not, every method fails at once instead of waiting for the socket.
    After a reload, old workers run until they have finished their requests. Every method raises Unreachable when
    HAProxy does not reply (NotListening, NotAnswering) or its reply cannot be parsed (UnexpectedReply).
    """

    def __init__(self, socket: Path, master: Path, is_running: Callable[[], bool] = lambda: True) -> None:
        self._socket = socket
        self._master = master
        self._is_running = is_running

    async def send(self, commands: Sequence[str]) -> None:
        """Send *commands* in order, in as few lines as possible. Raises StepFailed when HAProxy refuses one."""
        for line in _lines(commands):
            reply = await self._exchange(self._socket, f"set severity-output number;{line}", timeout=CHANGE_TIMEOUT_S)
            if refusal := replies.refusal(reply):
                raise StepFailed(f"HAProxy refused a command: {refusal}", remedy="mainstay logs edge")

    async def reload(self, *, timeout_s: float) -> None:
        """Let the master start a new worker with the configuration that is in its file now.

        A signal (SIGUSR2) would have no effect on a master that has just loaded another configuration and is not yet
        in its main loop.
        """
        await self._exchange(self._master, "reload", timeout=timeout_s)

    async def info(self) -> dict[str, str]:
        """Return the fields of `show info` of the current worker. Raises NotListening at once if nothing listens."""
        return replies.info(await self._exchange(self._socket, "show info", retry=False))

    async def servers(self) -> dict[str, ServerState]:
        """Return the state of every server of the current worker, by its name."""
        return replies.servers(await self._exchange(self._socket, "show servers state"))

    async def map_entries(self, name: str) -> dict[str, str]:
        """Return the current values, by key, of the map that was loaded from the file *name*."""
        return replies.map_entries(await self._exchange(self._socket, f"show map {name}"))

    async def certificate(self, name: str) -> str:
        """Return the SHA-1 fingerprint of the certificate that was loaded from the file *name*."""
        return replies.fingerprint(await self._exchange(self._socket, f"show ssl cert {name}"))

    async def set_certificate(self, name: str, pem: bytes) -> None:
        """Replace the loaded certificate of the file *name* by *pem*, without a reload; the file is not changed.

        *pem* is a certificate with its key. Raises StepFailed when HAProxy refuses it.
        """
        # Remove empty lines: Let's Encrypt puts them between certificates, and one would end the command early.
        text = "\n".join(filter(str.strip, pem.decode().splitlines()))
        for line in (f"set ssl cert {name} <<\n{text}\n", f"commit ssl cert {name}"):
            reply = await self._exchange(self._socket, line, timeout=CHANGE_TIMEOUT_S)
            if not re.search("Transaction created|Success", reply):
                raise StepFailed(
                    f"HAProxy refused a certificate: {' '.join(reply.split())}", remedy="mainstay logs edge"
                )

    async def failed_attempts(self) -> dict[str, int]:
        """Return, by server name, how many attempts to reach the server failed since the current worker started."""
        return replies.failed_attempts(await self._exchange(self._socket, "show stat -1 4 -1"))

    async def late(self) -> dict[str, str]:
        """Return the server of each late request of the current worker, by the address of the request's stream.

        A late request has waited at least `LATE_S` seconds for its response.
        """
        return replies.late(await self._exchange(self._socket, "show sess"))

    async def requests_in_flight(self) -> Counter[str]:
        """Return the number of connections with a request in flight by server name, summed over all workers."""
        total: Counter[str] = Counter()
        for worker in await self._workers():
            total.update(await self._of_worker(worker))
        return total

    async def _of_worker(self, worker: str) -> dict[str, int]:
        """Return the worker's connections with a request in flight by server name; empty if the worker has ended.

        The master lists an ended worker for a moment longer. So an unexpected reply is an error only if the worker is
        still listed after 2 s.
        """
        for left in reversed(range(ENDED_WITHIN_S * 50)):
            try:
                return replies.connections(await self._exchange(self._master, f"@!{worker} show servers conn"))
            except UnexpectedReply:
                if worker not in await self._workers():
                    break
                if not left:
                    raise
            await asyncio.sleep(0.02)
        return {}

    async def _workers(self) -> list[str]:
        return replies.workers(await self._exchange(self._master, "show proc"))

    async def _exchange(self, socket: Path, line: str, *, timeout: float = READ_TIMEOUT_S, retry: bool = True) -> str:
        """Send one line and return the reply.

        *retry*: if HAProxy runs but does not listen, try to connect until the timeout.

        Raises NotListening when no connection was made within *timeout* seconds, or HAProxy has ended; NotAnswering
        when one was made but the reply was not complete in that time; and Unreachable for any other failure.
        """
        connected = False
        try:
            async with asyncio.timeout(timeout):
                reader, writer = await self._connect(socket, retry=retry)
                connected = True
                try:
                    writer.write(line.encode() + b"\n")
                    # The master keeps the connection open until we close our half. If we close it before the reply
                    # begins, a worker that is ending may never reply.
                    first = await reader.read(1)
                    writer.write_eof()
                    return (first + await reader.read()).decode(errors="replace")
                finally:
                    writer.close()
        except (ConnectionRefusedError, FileNotFoundError) as error:
            raise NotListening(f"HAProxy does not listen on {socket}") from error
        except TimeoutError as error:
            if not connected:
                raise NotListening(f"HAProxy did not listen on {socket} within {timeout:g} s") from error
            raise NotAnswering(f"HAProxy did not answer at {socket} within {timeout:g} s") from error
        except OSError as error:
            raise Unreachable(f"HAProxy does not answer at {socket}: {error}") from error

    async def _connect(self, socket: Path, *, retry: bool) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while True:
            try:
                return await asyncio.open_unix_connection(socket)
            except (ConnectionRefusedError, FileNotFoundError):
                if not retry or not self._is_running():
                    raise
            await asyncio.sleep(0.005)


def _lines(commands: Iterable[str]) -> list[str]:
    lines: list[str] = []
    for command in commands:
        if lines and len(lines[-1]) + len(command) < MAX_LINE_BYTES:
            lines[-1] += f";{command}"
        else:
            lines.append(command)
    return lines
