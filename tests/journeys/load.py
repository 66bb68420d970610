"""A load of our own: a fixed rate of requests over kept and over new connections, counted by what came back.

Open loop: a request is due at its time whether or not the one before has ended, so a stall cannot hide. It stops by
itself after `longest_s`. As a program it prints its tally as JSON: `python -m tests.journeys.load --help`.
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
MOST_OPEN = 256
ANSWERS_WITHIN_S = 20.0


@dataclass(frozen=True)
class Answer:
    """One request: when it was due and how long it took from there on, in seconds; `status` 0 is no answer."""

    due: float
    took_s: float
    status: int
    release: str
    path: str
    why: str = ""


@dataclass(repr=False)
class Tally:
    """Every answer of a load."""

    answers: list[Answer] = field(default_factory=list)
    reopened: int = 0
    """GETs sent once more because the kept connection had been closed before anything came back, as browsers do."""

    @property
    def lost(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.status != 200]

    @property
    def total(self) -> int:
        return len(self.answers)

    @property
    def releases(self) -> Counter[str]:
        return Counter(answer.release for answer in self.answers if answer.status == 200)

    def percentile(self, percent: float) -> float:
        """Seconds within which *percent* of the answers came."""
        took = sorted(answer.took_s for answer in self.answers) or [0.0]
        return took[max(0, math.ceil(len(took) * percent / 100) - 1)]

    def summary(self) -> dict[str, object]:
        return {
            "total": self.total,
            "lost": len(self.lost),
            "why": Counter(f"{answer.status} {answer.why}".strip() for answer in self.lost),
            "releases": self.releases,
            "reopened": self.reopened,
            "p50_ms": round(1000 * self.percentile(50), 2),
            "p95_ms": round(1000 * self.percentile(95), 2),
            "p99_ms": round(1000 * self.percentile(99), 2),
        }

    def __repr__(self) -> str:
        return json.dumps(self.summary())


class Connection:
    """One connection; the next request opens it again where it was closed."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @property
    def open(self) -> bool:
        return self._streams is not None

    async def query(self, method: str, path: str) -> tuple[int, str]:
        """Status and release header."""
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
    """About *rate* requests a second from a thread of its own while the block runs, half of them on new connections.

    With *posts*, every fourth is a POST to a path that no other request has; a POST is never sent twice.
    """

    def __init__(
        self, url: str, *, rate: float = 300.0, posts: bool = False, longest_s: float = 90.0, path: str = "/"
    ) -> None:
        host, _, port = url.removeprefix("http://").rstrip("/").partition(":")
        self._address = (host, int(port or 80))
        self._rate, self._posts, self._longest_s, self._path = rate, posts, longest_s, path
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="load", daemon=True)
        self._kept: list[Connection] = []
        self.tally = Tally()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> Tally:
        """End it, with every request that is under way, and tell what came back."""
        self._stop.set()
        self._thread.join(ANSWERS_WITHIN_S + 5)
        assert not self._thread.is_alive(), "the load does not end"
        return self.tally

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        room = asyncio.Semaphore(MOST_OPEN)
        began, number = loop.time(), 0
        async with asyncio.TaskGroup() as requests:
            while not self._stop.is_set() and loop.time() - began < self._longest_s:
                due = began + number / self._rate
                await asyncio.sleep(max(0.0, due - loop.time()))
                await room.acquire()
                requests.create_task(self._one(number, due, room.release))
                number += 1
        for connection in self._kept:
            connection.close()

    async def _one(self, number: int, due: float, done: Callable[[], None]) -> None:
        posts = self._posts and number % 4 == 3
        method, path = ("POST", f"/posts/{number}") if posts else ("GET", self._path)
        # With posts, kept and new alternate by pairs, so that posts are sent over both.
        keeps = number // 2 % 4 < 2 if posts else number % 2 == 0
        connection = self._kept.pop() if keeps and self._kept else Connection(*self._address)
        status, release, why = 0, "", ""
        try:
            async with asyncio.timeout(ANSWERS_WITHIN_S):
                status, release = await self._ask(connection, method, path)
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            why = repr(error)
            connection.close()
        finally:
            done()
        took = asyncio.get_running_loop().time() - due
        self.tally.answers.append(Answer(due, took, status, release, f"{method} {path}", why))
        if keeps and connection.open:
            self._kept.append(connection)
        else:
            connection.close()

    async def _ask(self, connection: Connection, method: str, path: str) -> tuple[int, str]:
        was_kept = connection.open
        try:
            return await connection.query(method, path)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            connection.close()
            results = isinstance(error, asyncio.IncompleteReadError) and error.partial
            if method != "GET" or not was_kept or results:
                raise
            self.tally.reopened += 1
            return await connection.query(method, path)


def main() -> None:
    """A load from the command line, bounded in rate and in time."""
    reader = argparse.ArgumentParser(description=main.__doc__)
    reader.add_argument("url", help="http://127.0.0.1:PORT")
    reader.add_argument("--rate", type=float, default=300.0, help="requests a second")
    reader.add_argument("--seconds", type=float, default=10.0, help="how long")
    reader.add_argument("--path", default="/", help="what the GETs ask for")
    reader.add_argument("--posts", action="store_true", help="every fourth is a POST")
    printed = reader.parse_args()
    if printed.rate > 2000 or printed.seconds > 120:
        reader.error("at most 2000 a second, and 120 seconds")
    load = Load(printed.url, rate=printed.rate, posts=printed.posts, longest_s=printed.seconds, path=printed.path)
    load._thread.start()
    load._thread.join()
    print(load.tally)


if __name__ == "__main__":
    main()
