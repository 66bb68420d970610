"""Load at a fixed rate, over persistent and over new connections, with the result of every request.

Open loop: each request is due at a fixed time, whether or not earlier requests have ended, so the latencies include
every stall. The load stops after `max_duration_s`. As a program it prints the tally as JSON:
`python -m tests.journeys.load --help`.
"""

import argparse
import asyncio
import json
import math
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

RELEASE = "x-mainstay-release"
MAX_CONCURRENT = 256
RESPONSE_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Response:
    """The result of one request: when it was due and how long it took from then on; `status` 0: no response."""

    due: float
    duration_s: float
    status: int
    release: str
    path: str
    error: str = ""


@dataclass(repr=False)
class Tally:
    """The results of a load."""

    responses: list[Response] = field(default_factory=list)
    reopened: int = 0
    """GET requests repeated, as browsers do, because the server had closed the persistent connection."""

    @property
    def not_ok(self) -> list[Response]:
        """The requests with another status than 200, or without a response."""
        return [response for response in self.responses if response.status != 200]

    @property
    def total(self) -> int:
        return len(self.responses)

    @property
    def releases(self) -> Counter[str]:
        return Counter(response.release for response in self.responses if response.status == 200)

    def percentile(self, percent: float) -> float:
        """Return the seconds within which *percent* of the requests ended."""
        durations = sorted(response.duration_s for response in self.responses) or [0.0]
        return durations[max(0, math.ceil(len(durations) * percent / 100) - 1)]

    def summary(self) -> dict[str, object]:
        return {
            "total": self.total,
            "not_ok": len(self.not_ok),
            "errors": Counter(f"{response.status} {response.error}".strip() for response in self.not_ok),
            "releases": self.releases,
            "reopened": self.reopened,
            "p50_ms": round(1000 * self.percentile(50), 2),
            "p95_ms": round(1000 * self.percentile(95), 2),
            "p99_ms": round(1000 * self.percentile(99), 2),
        }

    def __repr__(self) -> str:
        return json.dumps(self.summary())


class Connection:
    """One HTTP connection; a request opens it if it is closed."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @property
    def open(self) -> bool:
        return self._streams is not None

    async def send(self, method: str, path: str) -> tuple[int, str]:
        """Send a request; return the status and the release header of the response."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._address)
        reader, writer = self._streams
        host = f"{self._address[0]}:{self._address[1]}"
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        await self._body(reader, headers)
        if headers.get("connection") == "close":
            self.close()
        return int(head[0].split()[1]), headers.get(RELEASE, "")

    async def _body(self, reader: asyncio.StreamReader, headers: dict[str, str]) -> None:
        if headers.get("transfer-encoding") == "chunked":
            while (size := int(await reader.readuntil(b"\r\n"), 16)) > 0:
                await reader.readexactly(size + 2)
            await reader.readexactly(2)
        elif "content-length" in headers:
            await reader.readexactly(int(headers["content-length"]))
        else:
            await reader.read()
            self.close()

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class Load:
    """Send *rate* requests per second from a thread while the block runs, half of them on new connections.

    With *posts*, every fifth request is a POST with its own path; a POST is never repeated. Not every fourth: the front
    door gives a release with 25 % of the traffic every fourth request, so that it might get no POST at all.
    """

    def __init__(
        self, url: str, *, rate: float = 300.0, posts: bool = False, max_duration_s: float = 90.0, path: str = "/"
    ) -> None:
        host, _, port = url.removeprefix("http://").rstrip("/").partition(":")
        self._address = (host, int(port or 80))
        self._rate, self._posts, self._max_duration_s, self._path = rate, posts, max_duration_s, path
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="load", daemon=True)
        self._idle: list[Connection] = []
        self.tally = Tally()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> Tally:
        """Stop sending, wait for the requests in progress and return the tally."""
        self._stop.set()
        self._thread.join(RESPONSE_TIMEOUT_S + 5)
        assert not self._thread.is_alive(), "the load did not stop"
        return self.tally

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        free_slots = asyncio.Semaphore(MAX_CONCURRENT)
        started, number = loop.time(), 0
        async with asyncio.TaskGroup() as requests:
            while not self._stop.is_set() and loop.time() - started < self._max_duration_s:
                due = started + number / self._rate
                await asyncio.sleep(max(0.0, due - loop.time()))
                await free_slots.acquire()
                requests.create_task(self._request(number, due, free_slots.release))
                number += 1
        for connection in self._idle:
            connection.close()

    async def _request(self, number: int, due: float, done: Callable[[], None]) -> None:
        posts = self._posts and number % 5 == 4
        method, path = ("POST", f"/posts/{number}") if posts else ("GET", self._path)
        # With posts, persistent and new connections alternate in pairs, so that POSTs are sent over both kinds.
        persistent = number // 2 % 4 < 2 if posts else number % 2 == 0
        connection = self._idle.pop() if persistent and self._idle else Connection(*self._address)
        status, release, failure = 0, "", ""
        try:
            async with asyncio.timeout(RESPONSE_TIMEOUT_S):
                status, release = await self._send(connection, method, path)
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            failure = repr(error)
            connection.close()
        finally:
            done()
        duration_s = asyncio.get_running_loop().time() - due
        self.tally.responses.append(Response(due, duration_s, status, release, f"{method} {path}", failure))
        if persistent and connection.open:
            self._idle.append(connection)
        else:
            connection.close()

    async def _send(self, connection: Connection, method: str, path: str) -> tuple[int, str]:
        was_open = connection.open
        try:
            return await connection.send(method, path)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            connection.close()
            partial = isinstance(error, asyncio.IncompleteReadError) and error.partial
            if method != "GET" or not was_open or partial:
                raise
            self.tally.reopened += 1
            return await connection.send(method, path)


def main() -> None:
    """Send load to a local address, bounded in rate and time."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("url", help="http://127.0.0.1:PORT")
    parser.add_argument("--rate", type=float, default=300.0, help="requests per second")
    parser.add_argument("--seconds", type=float, default=10.0, help="duration of the load")
    parser.add_argument("--path", default="/", help="path of the GET requests")
    parser.add_argument("--posts", action="store_true", help="make every fifth request a POST")
    arguments = parser.parse_args()
    if arguments.rate > 2000 or arguments.seconds > 120:
        parser.error("at most 2000 requests per second and 120 seconds")
    load = Load(
        arguments.url, rate=arguments.rate, posts=arguments.posts, max_duration_s=arguments.seconds, path=arguments.path
    )
    load._thread.start()
    load._thread.join()
    print(load.tally)


if __name__ == "__main__":
    main()
