"""A small HTTP service on HOST:PORT, independent of Mainstay, with the standard library only.

The files `message` and `behaviour` beside it define its response and how it misbehaves, so versions differ in files.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import os
import random
import signal
import socket
import struct
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

HERE = Path(__file__).parent
MESSAGE = (HERE / "message").read_text().strip()
BEHAVIOUR = dict(line.split("=", 1) for line in (HERE / "behaviour").read_text().split())
"""ready_after, respond_after, crash_after: seconds
crash_code: exit code of the crash
never_ready, ignores_sigterm: yes
calls: path of BACK_URL, requested for every request
paths: the only paths that exist, separated by commas
fails: the share of requests (0 to 1) that get the status fails_with (500); only those with the method fails_on and
the path fails_at, if set, and only once the file fails_file exists, if set
slow: the share of requests that get their response after slow_after seconds
leaks: yes: a descriptor for each request
refuses_after: seconds after which no connection is accepted
licence: a file without which the service does not start
ready_file: a file without which the service does not become ready
also_listens: a second address, HOST:PORT"""


chance = random.Random(7)


class App:
    """Append the path of each POST to a file in the volume `posts`; store rows if there is a database."""

    def __init__(self) -> None:
        self.ready = False
        self.busy: set[asyncio.StreamWriter] = set()
        self.idle: set[asyncio.StreamWriter] = set()
        self.stopping = asyncio.Event()
        self.server: asyncio.Server | None = None
        self.leaked: list[int] = []
        volume = os.environ.get("MAINSTAY_VOLUME_POSTS")
        self.posts = os.open(f"{volume}/posts", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) if volume else None

    async def respond(self, method: str, path: str) -> tuple[int, str]:
        if path == "/health":
            return (200, "ready") if self.ready else (503, "not ready")
        if path == "/unready":
            self.ready = False
            return 200, "unready"
        if path == "/die":
            os._exit(9)
        if path == "/refuse":
            assert self.server
            self.server.close()
            return 200, "no more connections"
        if path == "/late":
            await asyncio.sleep(6.5)
            return 200, MESSAGE
        if path == "/environment":
            return 200, json.dumps({"message": MESSAGE, "pid": os.getpid(), **os.environ})
        if path == "/rows":
            try:
                return 200, await asyncio.to_thread(rows, os.environ["DATABASE_URL"], method == "POST")
            except (OSError, struct.error) as error:
                return 500, repr(error)
        if path.startswith("/write/"):
            await asyncio.to_thread(write, *[int(number) for number in path.split("/")[2:]])
            return 200, "written"
        await asyncio.sleep(float(BEHAVIOUR.get("respond_after", 0)))
        if "paths" in BEHAVIOUR and path not in BEHAVIOUR["paths"].split(","):
            return 404, f"{MESSAGE} has no {path}"
        if chance.random() < float(BEHAVIOUR.get("slow", 0)):
            await asyncio.sleep(float(BEHAVIOUR["slow_after"]))
        if BEHAVIOUR.get("leaks") == "yes":
            self.leaked.append(os.dup(2))
        if self.fails(method, path):
            return int(BEHAVIOUR.get("fails_with", 500)), "the ink is dry"
        if "calls" in BEHAVIOUR:
            return await call(os.environ["BACK_URL"], BEHAVIOUR["calls"])
        if method == "POST" and self.posts is not None:
            os.write(self.posts, f"{path}\n".encode())
        return 200, MESSAGE

    def fails(self, method: str, path: str) -> bool:
        meant = BEHAVIOUR.get("fails_on", method) == method and BEHAVIOUR.get("fails_at", path) == path
        begun = "fails_file" not in BEHAVIOUR or Path(BEHAVIOUR["fails_file"]).exists()
        return meant and begun and chance.random() < float(BEHAVIOUR.get("fails", 0))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.idle.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while not self.stopping.is_set():
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                self.busy.add(writer)
                length = next((line.split(":")[1] for line in head if line.lower().startswith("content-length:")), "0")
                await reader.readexactly(int(length))
                method, path, _ = head[0].split()
                if path == "/events":
                    await self.stream_events(writer)
                    break
                if path == "/cut":
                    writer.write(b"HTTP/1.1 200 -\r\nContent-Length: 100\r\n\r\nhalf")
                    await writer.drain()
                    await asyncio.sleep(0.2)
                    os._exit(9)
                if path in ("/silent", "/reset", "/endless"):
                    await misbehave(path, writer)
                    break
                status, body = await self.respond(method, path)
                accepts = self.server and self.server.is_serving() and not self.stopping.is_set()
                keep = "keep-alive" if accepts else "close"
                writer.write(
                    f"HTTP/1.1 {status} -\r\nContent-Length: {len(body.encode())}\r\nConnection: {keep}\r\n\r\n"
                    f"{body}".encode()
                )
                await writer.drain()
                self.busy.discard(writer)
        self.busy.discard(writer)
        self.idle.discard(writer)
        writer.close()

    async def stream_events(self, writer: asyncio.StreamWriter) -> None:
        """Send events until the process gets SIGTERM; if it ignores that, without end."""
        writer.write(b"HTTP/1.1 200 -\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        event = f"data: {MESSAGE}\n\n"
        while not self.stopping.is_set():
            writer.write(f"{len(event):x}\r\n{event}\r\n".encode())
            await writer.drain()
            await asyncio.sleep(0.05)
        writer.write(b"0\r\n\r\n")

    async def run(self) -> None:
        if "licence" in BEHAVIOUR and not Path(BEHAVIOUR["licence"]).exists():
            sys.exit("the licence is missing")
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        ignores_sigterm = BEHAVIOUR.get("ignores_sigterm") == "yes"
        loop.add_signal_handler(
            signal.SIGTERM, (lambda: print("SIGTERM ignored", flush=True)) if ignores_sigterm else stop.set
        )
        self.server = server = await asyncio.start_server(
            self.serve, os.environ["HOST"], int(os.environ["PORT"]), backlog=1024
        )
        if "also_listens" in BEHAVIOUR:
            host, _, port = BEHAVIOUR["also_listens"].rpartition(":")
            await asyncio.start_server(self.serve, host, int(port))
        print(f"{MESSAGE} is listening", flush=True)
        if "crash_after" in BEHAVIOUR:
            loop.call_later(float(BEHAVIOUR["crash_after"]), self.crash)
        if "refuses_after" in BEHAVIOUR:
            loop.call_later(float(BEHAVIOUR["refuses_after"]), self.refuse, server)
        if "ready_file" in BEHAVIOUR:
            while not Path(BEHAVIOUR["ready_file"]).exists():
                await asyncio.sleep(0.05)
        if BEHAVIOUR.get("never_ready") != "yes":
            loop.call_later(float(BEHAVIOUR.get("ready_after", 0)), lambda: setattr(self, "ready", True))
        await stop.wait()
        self.stopping.set()
        server.close()
        while self.busy:
            await asyncio.sleep(0.01)
        for writer in list(self.idle):
            writer.close()

    def refuse(self, server: asyncio.Server) -> None:
        server.close()
        for writer in list(self.idle):
            writer.close()

    def crash(self) -> None:
        print("out of ink", file=sys.stderr, flush=True)
        os._exit(int(BEHAVIOUR.get("crash_code", 7)))


async def misbehave(path: str, writer: asyncio.StreamWriter) -> None:
    """Send no response, end the connection without one, or send a body without end."""
    if path == "/reset":
        writer.transport.abort()
        return
    if path == "/endless":
        writer.write(b"HTTP/1.1 200 -\r\n\r\n")
    while not writer.is_closing():
        if path == "/endless":
            writer.write(b".")
            await writer.drain()
        await asyncio.sleep(0.05)


async def call(address: str, path: str) -> tuple[int, str]:
    """Return the response of the service at *address*; status 500 for every failure."""
    url = urlsplit(address)
    try:
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: back\r\nConnection: close\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    except OSError as error:
        return 500, repr(error)
    return (200 if b" 200 " in head.splitlines()[0] else 500), body.decode()


def write(first: int, count: int, size: int = 0) -> None:
    """Write *count* numbered lines to stdout, each followed by *size* bytes."""
    for number in range(first, first + count):
        os.write(1, b"%d %s\n" % (number, b"x" * size))


def rows(address: str, add: bool) -> str:
    """Return the number of rows in the table, after adding a row if *add*."""
    connection = Connection(address)
    try:
        if add:
            connection.query("insert into visit default values")
        return connection.query("select count(*) from visit")
    finally:
        connection.close()


class Connection:
    """A database session: enough of PostgreSQL's protocol for SCRAM authentication and simple queries."""

    def __init__(self, address: str) -> None:
        url = urlsplit(address)
        self._socket = socket.create_connection((url.hostname or "", url.port or 5432), 10)
        self._stream = self._socket.makefile("rb")
        user, password = unquote(url.username or ""), unquote(url.password or "")
        parameters = f"user\0{user}\0database\0{url.path[1:]}\0\0".encode()
        self._socket.sendall(struct.pack("!II", len(parameters) + 8, 196608) + parameters)
        self._authenticate(password.encode())
        while self._read()[0] != b"Z":
            pass

    def query(self, sql: str) -> str:
        """Return the first column of the last row of the result."""
        self._send(b"Q", sql.encode() + b"\0")
        found = ""
        while True:
            kind, body = self._read()
            if kind == b"D":
                (length,) = struct.unpack_from("!I", body, 2)
                found = body[6 : 6 + length].decode()
            if kind == b"Z":
                return found

    def close(self) -> None:
        self._send(b"X", b"")
        self._socket.close()

    def _authenticate(self, password: bytes) -> None:
        self._read()
        first = "n=,r=" + base64.b64encode(os.urandom(18)).decode()
        message = ("n,," + first).encode()
        self._send(b"p", b"SCRAM-SHA-256\0" + struct.pack("!I", len(message)) + message)
        challenge = self._read()[1][4:].decode()
        fields = dict(part.split("=", 1) for part in challenge.split(","))
        salted = hashlib.pbkdf2_hmac("sha256", password, base64.b64decode(fields["s"]), int(fields["i"]))
        key = hmac.digest(salted, b"Client Key", "sha256")
        final = f"c=biws,r={fields['r']}"
        signed = hmac.digest(hashlib.sha256(key).digest(), f"{first},{challenge},{final}".encode(), "sha256")
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signed, strict=True))).decode()
        self._send(b"p", f"{final},p={proof}".encode())
        self._read()
        self._read()

    def _send(self, kind: bytes, body: bytes) -> None:
        self._socket.sendall(kind + struct.pack("!I", len(body) + 4) + body)

    def _read(self) -> tuple[bytes, bytes]:
        kind, length = struct.unpack("!cI", self._stream.read(5))
        body = self._stream.read(length - 4)
        if kind == b"E":
            raise OSError(body.decode(errors="replace").replace("\0", " "))
        return kind, body


if __name__ == "__main__":
    asyncio.run(App().run())
