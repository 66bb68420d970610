"""Small HTTP servers in this process, clients, and a bounded load that counts failed requests."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path


def free_port() -> int:
    """Return a free port below the ephemeral range."""
    for port in _candidates:
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")


def _upwards() -> "list[int]":
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        start = 12_000 + any_port.getsockname()[1] % 15_000
    return list(range(start, start + 5_000))


_candidates = iter(_upwards())


@dataclass
class Backend:
    """Answers every path with its name, `/slow` once `released` is set; keeps requests.

    `/tunnel` echoes, and `/events` streams events until `released` is set.
    """

    name: str
    port: int
    status: int = 200
    released: asyncio.Event = field(default_factory=asyncio.Event)
    requests: list[dict[str, str]] = field(default_factory=list)
    aborts_at: str = ""
    """The next request for this path is aborted without a response."""
    content: bytes = b""
    """The body of responses; empty: the name."""
    headers: tuple[tuple[str, str], ...] = ()
    """Further headers of responses."""
    files: tuple[str, ...] | None = None
    """The only paths that exist; None: every path does."""
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    def kill(self) -> None:
        """Abort every connection, as SIGKILL does."""
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                line, *rows = head.decode("latin-1").split("\r\n")
                headers = {k.lower(): v.strip() for k, _, v in (row.partition(":") for row in rows if row)}
                await reader.readexactly(int(headers.get("content-length", 0)))
                await self._answer(line.split()[1], line.split()[0], headers, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(
        self,
        path: str,
        method: str,
        headers: dict[str, str],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if path == self.aborts_at:
            self.aborts_at = ""
            writer.transport.abort()
            return
        if path != "/ready":
            self.requests.append(headers | {":path": path, ":method": method})
        if path == "/tunnel":
            writer.write(b"HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
            while data := await reader.read(100):
                writer.write(data)
            return
        if path == "/events":
            await self._stream_events(writer)
            return
        if path.startswith("/slow"):
            await self.released.wait()
        status = 200 if path == "/ready" else self.status
        if self.files is not None and path not in self.files:
            status = 404
        body = self.content or self.name.encode()
        sent = b"" if method == "HEAD" or status == 304 else body
        rows = "".join(f"{name}: {value}\r\n" for name, value in self.headers).encode()
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n%s\r\n%s" % (status, len(body), rows, sent))
        await writer.drain()

    async def _stream_events(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not self.released.is_set():
            writer.write(b"9\r\ndata: 1\n\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)
        writer.write(b"0\r\n\r\n")


@dataclass
class Response:
    status: int
    headers: dict[str, str]
    body: str
    rows: tuple[tuple[str, str], ...] = ()
    """The headers in order, with those that are repeated."""
    content: bytes = b""

    def all(self, name: str) -> list[str]:
        """Every value of the header *name*."""
        return [value for each, value in self.rows if each == name]


class Client:
    """One keep-alive connection to a port or a socket, opened again when the server has closed it between requests."""

    def __init__(self, door: int | Path, *, keep_alive: bool = True) -> None:
        self._door = door
        self._keep_alive = keep_alive
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(self, path: str = "/", *, method: str = "GET", headers: dict[str, str] | None = None) -> Response:
        for attempt in (1, 2):
            fresh = self._open is None
            if self._open is None:
                self._open = await self._connect()
            try:
                return await asyncio.wait_for(self._exchange(path, method, headers or {}), 15)
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                unanswered = not getattr(error, "partial", b"")
                self.close()
                if fresh or attempt == 2 or not unanswered:
                    raise
        raise AssertionError

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._door, Path):
            return await asyncio.open_unix_connection(self._door)
        return await asyncio.open_connection("127.0.0.1", self._door)

    async def _exchange(self, path: str, method: str, headers: dict[str, str]) -> Response:
        assert self._open is not None
        reader, writer = self._open
        lines = [f"{method} {path} HTTP/1.1"]
        lines += [f"{k}: {v}" for k, v in ({"Host": "127.0.0.1", "Content-Length": "0"} | headers).items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        rows = tuple((k.lower(), v.strip()) for k, _, v in (row.partition(":") for row in head[1:] if row))
        got = dict(rows)
        status = int(head[0].split()[1])
        has_body = method != "HEAD" and status != 304
        body = await _body(reader, got) if has_body else b""
        if got.get("connection") == "close" or not self._keep_alive:
            self.close()
        return Response(status, got, body.decode(errors="replace"), rows, body)

    def close(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "transfer-encoding" in headers:
        return await _chunks(reader)
    return await reader.readexactly(int(headers.get("content-length", 0)))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body


@dataclass
class Tally:
    """The results of a load: responses by body, and the failed requests."""

    answers: Counter[str] = field(default_factory=Counter)
    not_ok: list[str] = field(default_factory=list)
    """The status and body of each response with another status than 200, and the error of each request without one."""
    took_s: list[float] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.answers.values()) + len(self.not_ok)


@asynccontextmanager
async def load(door: int | Path, *, rate: int = 400, clients: int = 8, method: str = "GET") -> AsyncIterator[Tally]:
    """About *rate* requests a second until the block ends; every second client opens a new connection for each."""
    tally, ended = Tally(), asyncio.Event()
    loop = asyncio.get_running_loop()

    async def send_requests(number: int) -> None:
        client = Client(door, keep_alive=number % 2 == 0)
        due = loop.time()
        while not ended.is_set():
            start = loop.time()
            try:
                answer = await client.request(f"/load/{number}", method=method)
                if answer.status == 200:
                    tally.answers[answer.body] += 1
                else:
                    tally.not_ok.append(f"{answer.status} {answer.body[:80]}")
            except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
                tally.not_ok.append(repr(error))
            tally.took_s.append(loop.time() - start)
            due = max(due + clients / rate, loop.time())
            await asyncio.sleep(max(0, due - loop.time()))
        client.close()

    tasks = [asyncio.create_task(send_requests(number)) for number in range(clients)]
    try:
        yield tally
    finally:
        ended.set()
        await asyncio.gather(*tasks)


async def wait_until(true: object, within: float = 20.0) -> None:
    """Wait until the callable or coroutine function *true* returns something true."""
    async with asyncio.timeout(within):
        while True:
            found = true()  # type: ignore[operator]  # a callable, or a coroutine function
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return
            await asyncio.sleep(0.01)
