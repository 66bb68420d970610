"""The edge's access log: HAProxy's ring sends it as a stream, here it becomes files that do not grow for ever."""

import asyncio
import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from mainstay.folders import Folders
from mainstay.users import acting_as_root, identity

NAME = "access.log"
MOST_BYTES, MOST_FILES = 10_000_000, 10


class Entry(msgspec.Struct, frozen=True):
    """One request as the edge saw it. Times in milliseconds; -1 where the request did not come so far."""

    at: str
    """When it ended."""
    door: str
    service: str
    """Empty: no route took it."""
    slot: int | None
    release: int | None
    """None: no instance was reached."""
    method: str
    path: str
    status: int
    bytes: int
    request_ms: int
    queue_ms: int
    connect_ms: int
    answer_ms: int
    total_ms: int
    ended: str
    """HAProxy's termination state: `--` is well, `SH` a service that ended before it answered, …"""
    retries: int
    redispatched: bool
    id: str


class Lost(msgspec.Struct, frozen=True):
    """So many lines were dropped before *at*: whoever counts cannot tell."""

    at: str
    lost: int


def read(line: bytes) -> Entry | Lost:
    """One line of the log. Raises ValueError (msgspec.DecodeError is one) for a line that is not whole."""
    if line.startswith(b'{"at":') and b'"lost":' in line and b'"door":' not in line:
        return msgspec.json.decode(line, type=Lost)
    told = _LINES.decode(line)
    slot, release = told.slot.rpartition(".s")[2], told.release
    return Entry(
        **{name: getattr(told, name) for name in _SAME},
        slot=int(slot) if slot.isdigit() else None,
        release=int(release) if release.isdigit() and release != "0" else None,
        retries=int(told.retries.lstrip("+")),
        redispatched=told.retries.startswith("+"),
    )


class AccessLog:
    """Listens where HAProxy's workers send their lines; whole lines reach the file in the order they came.

    As root only *user*, whom the workers run as, can send.
    """

    def __init__(self, folders: Folders, *, user: str = "nobody") -> None:
        self._socket = folders.access_log_socket
        self._file = _Rotated(folders.logs / "edge" / NAME)
        self._user = identity(user) if acting_as_root() else None
        self._server: asyncio.Server | None = None
        self._senders: set[_Sender] = set()
        self._told = 0

    async def start(self) -> None:
        """Listen; a socket that an earlier process left is taken over."""
        self._socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._socket.unlink(missing_ok=True)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(self._sender, str(self._socket))
        self._socket.chmod(0o600)
        if self._user is not None:
            self._socket.parent.chmod(0o711)
            os.chown(self._socket, self._user.uid, self._user.gid)

    def tell_lost(self, dropped: int) -> None:
        """Note in the log that HAProxy dropped lines; *dropped* is what its present worker counts."""
        if dropped > self._told:
            at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            self._file.append(msgspec.json.encode(Lost(at, dropped - self._told)) + b"\n")
        self._told = dropped

    async def stop(self) -> None:
        """Listen no longer; what was received is in the file."""
        if self._server is not None:
            self._server.close()
            for sender in list(self._senders):
                sender.close()
            await self._server.wait_closed()
            self._socket.unlink(missing_ok=True)
        self._file.close()

    def _sender(self) -> "_Sender":
        return _Sender(self._file, self._senders)


class _Sender(asyncio.Protocol):
    """One worker's stream. A line that breaks off with the stream is dropped."""

    def __init__(self, file: "_Rotated", all_senders: "set[_Sender]") -> None:
        self._file = file
        self._all = all_senders
        self._rest = b""
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._all.add(self)

    def data_received(self, data: bytes) -> None:
        whole, newline, rest = (self._rest + data).rpartition(b"\n")
        self._rest = rest
        if newline:
            self._file.append(whole + newline)

    def connection_lost(self, exc: Exception | None) -> None:
        self._all.discard(self)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class _Rotated:
    """A file, and up to nine older ones beside it: `access.log.1` is the newest of those."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._size = 0

    def append(self, lines: bytes) -> None:
        if self._descriptor is None:
            self._open()
        elif self._size + len(lines) > MOST_BYTES:
            self._rotate()
        assert self._descriptor is not None
        left = memoryview(lines)
        while left:
            left = left[os.write(self._descriptor, left) :]
        self._size += len(lines)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._descriptor = os.open(self._path, flags, 0o600)
        self._size = os.fstat(self._descriptor).st_size

    def _rotate(self) -> None:
        self.close()
        for number in range(MOST_FILES - 1, 0, -1):
            newer = self._numbered(number - 1) if number > 1 else self._path
            with contextlib.suppress(FileNotFoundError):
                newer.replace(self._numbered(number))
        self._open()

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


class _Line(msgspec.Struct, frozen=True):
    """A line as HAProxy writes it: what may be missing comes as text."""

    at: str
    door: str
    service: str
    slot: str
    release: str
    method: str
    path: str
    status: int
    bytes: int
    request_ms: int
    queue_ms: int
    connect_ms: int
    answer_ms: int
    total_ms: int
    ended: str
    retries: str
    id: str


_LINES = msgspec.json.Decoder(_Line)
_SAME = tuple(set(_Line.__struct_fields__) - {"slot", "release", "retries"})
