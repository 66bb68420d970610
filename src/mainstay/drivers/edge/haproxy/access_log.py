"""Receive the edge's access log from HAProxy's ring buffer as a stream of lines, and write it to a file."""

import asyncio
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from mainstay.drivers.edge.haproxy.access_lines import NAME, Lost
from mainstay.drivers.edge.haproxy.program import worker_user
from mainstay.drivers.edge.haproxy.signal_counter import SignalCounter
from mainstay.system import log_rotation
from mainstay.system.state_dir import Folders

MAX_LINE_BYTES = 65536
"""The longest line that is received; HAProxy sends lines of at most `LINE_BYTES`."""
_DROPPED = re.compile(rb"^(\d+) events? dropped\n", re.MULTILINE)
"""The line that HAProxy sends instead of the lines for which its ring had no room."""
MANY_BYTES = 65536
"""After a read of at least this many bytes, the next read follows without a pause."""
PAUSE_S = 0.01
"""Seconds of pause after a shorter read, so that the next one gets many lines."""


class AccessLog:
    """Receives the lines of the access log from HAProxy's workers, counts them, and appends them to the file.

    When Mainstay runs as root, only the user that the workers run as can connect.
    """

    def __init__(self, folders: Folders) -> None:
        self._socket = folders.access_log_socket
        self._file = _File(folders.logs / "edge" / NAME)
        self.signals = SignalCounter()
        """The counters of the requests in the lines."""
        self._server: asyncio.Server | None = None
        self._senders: set[_Sender] = set()
        self._reported = 0

    async def start(self) -> None:
        """Start to listen. Replace a socket that an earlier process has left behind."""
        self._socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._socket.unlink(missing_ok=True)
        self._server = await asyncio.get_running_loop().create_unix_server(
            lambda: _Sender(self._take, self._senders), str(self._socket)
        )
        self._socket.chmod(0o600)
        if user := worker_user():
            self._socket.parent.chmod(0o711)
            os.chown(self._socket, user.uid, user.gid)

    def report_dropped(self, dropped: int) -> None:
        """Write to the log how many lines HAProxy has dropped since the last call.

        *dropped* is the total since the current worker started.
        """
        if dropped > self._reported:
            self._add_lost(dropped - self._reported)
        self._reported = dropped

    def _add_lost(self, count: int) -> None:
        self.signals.add_lost(count)
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._file.append(msgspec.json.encode(Lost(at, count)) + b"\n")

    def _take(self, lines: bytes) -> None:
        if b" dropped\n" in lines:
            for count in _DROPPED.findall(lines):
                self._add_lost(int(count))
            lines = _DROPPED.sub(b"", lines)
        self.signals.add(lines)  # First, because a full disk must not hide errors.
        self._file.append(lines)

    async def stop(self) -> None:
        """Stop listening, write the complete lines that have arrived, and close the file."""
        if self._server is not None:
            self._server.close()
            for sender in self._senders:
                sender.resume()
            for _ in range(2):
                await asyncio.sleep(0)  # Let the event loop read the lines that have arrived.
            for sender in list(self._senders):
                sender.close()
            await self._server.wait_closed()
            self._socket.unlink(missing_ok=True)
        self._file.close()


class _Sender(asyncio.Protocol):
    """The connection of one worker. An incomplete line at the end of its stream is dropped.

    A connection with a line above `MAX_LINE_BYTES` is closed: it is not HAProxy's, and it would fill the memory.
    """

    def __init__(self, take: Callable[[bytes], None], all_senders: "set[_Sender]") -> None:
        self._take = take
        self._all = all_senders
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._all.add(self)

    def data_received(self, data: bytes) -> None:
        whole, newline, rest = (self._rest + data).rpartition(b"\n")
        self._rest = rest
        if newline:
            self._take(whole + newline)
        assert self._transport is not None
        if len(rest) > MAX_LINE_BYTES:
            self._transport.abort()
        elif len(data) < MANY_BYTES:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(PAUSE_S, self.resume)

    def resume(self) -> None:
        """End the pause. Without one, and on a closed connection, this has no effect."""
        if self._transport is not None:
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._all.discard(self)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class _File:
    """The file of the log, whose oldest part is freed when it has more than `log_rotation.MAX_BYTES`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._begin = 0

    def append(self, lines: bytes) -> None:
        if self._descriptor is None:
            self._descriptor = self._open()
        left = memoryview(lines)
        while left:
            left = left[os.write(self._descriptor, left) :]
        if os.fstat(self._descriptor).st_size - self._begin > log_rotation.MAX_BYTES:
            self._begin = log_rotation.trim(self._path)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(self._path, flags, 0o600)
