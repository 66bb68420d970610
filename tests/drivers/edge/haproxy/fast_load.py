"""A load of more than a thousand requests a second, and a backend faster than any service, for tests of the edge."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mainstay.drivers.edge.haproxy.program import binary
from tests.drivers.edge.haproxy.http_load import free_port

BACKEND = """\
global
  nbthread 1
defaults
  mode http
  timeout client 60s
  timeout http-keep-alive 60s
frontend backend
  bind 127.0.0.1:{port}
  http-request return status 200 content-type application/json string "{body}"
"""
CLIENTS = 16
Connections = Literal["kept", "new"]


@asynccontextmanager
async def fast_backend(folder: Path, body: str) -> AsyncIterator[int]:
    """Run a server that responds with *body* to every request; its port."""
    port = free_port()
    configuration = folder / f"{port}.cfg"
    configuration.write_text(BACKEND.format(port=port, body=body))
    process = await asyncio.create_subprocess_exec(binary(), "-db", "-f", str(configuration))
    try:
        yield port
    finally:
        process.terminate()
        await process.wait()


@dataclass
class FastTally:
    """The results of a fast load: the responses by kind of connection, and every failed request."""

    served: Counter[Connections] = field(default_factory=Counter)
    not_ok: list[str] = field(default_factory=list)


@asynccontextmanager
async def fast_load(port: int, body: str, *, rate: float) -> AsyncIterator[FastTally]:
    """Send *rate* requests a second until the block ends, half of them over new connections; each expects *body*.

    A client that is late catches up, so the average rate is reached although single requests wait.
    """
    tally, ended = FastTally(), asyncio.Event()

    async def send_requests(client: "_Client") -> None:
        due = asyncio.get_running_loop().time()
        while not ended.is_set():
            failure = await client.request()
            if failure:
                tally.not_ok.append(f"{client.connections}: {failure}")
            else:
                tally.served[client.connections] += 1
            due += CLIENTS / rate
            await asyncio.sleep(max(0, due - asyncio.get_running_loop().time()))
        client.close()

    kinds: tuple[Connections, ...] = ("kept", "new")
    tasks = [
        asyncio.create_task(send_requests(_Client(port, body.encode(), kinds[number % 2]))) for number in range(CLIENTS)
    ]
    try:
        yield tally
    finally:
        ended.set()
        async with asyncio.timeout(20):
            await asyncio.gather(*tasks)


class _Client(asyncio.Protocol):
    """One connection at a time. One that the server has closed between two requests is opened again, as browsers do."""

    def __init__(self, port: int, body: bytes, connections: Connections) -> None:
        self.connections = connections
        self._port = port
        self._body = body
        end = "Connection: close\r\n\r\n" if connections == "new" else "\r\n"
        self._request = f"GET /load HTTP/1.1\r\nHost: 127.0.0.1\r\n{end}".encode()
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._ended: asyncio.Future[str] | None = None

    async def request(self) -> str:
        """Send one request; return how it failed, or an empty text."""
        loop = asyncio.get_running_loop()
        for _ in range(2):
            fresh = self._transport is None
            if fresh:
                try:
                    await loop.create_connection(lambda: self, "127.0.0.1", self._port)
                except OSError as error:
                    return repr(error)
            assert self._transport is not None
            self._received, self._ended = b"", loop.create_future()
            self._transport.write(self._request)
            failure = await self._ended
            if not failure or fresh or self._received:
                break
        return failure

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or len(body) < len(self._body):
            return
        if self.connections == "new" or b"connection: close" in head.lower():
            self.close()
        right = head.startswith(b"HTTP/1.1 200 ") and body == self._body
        self._end("" if right else repr(self._received[:200]))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._end(f"the connection ended after {self._received!r}")

    def _end(self, failure: str) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(failure)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None
