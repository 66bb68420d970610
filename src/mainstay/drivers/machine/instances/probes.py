"""Readiness and liveness probes: a function for each kind of health check, and the result of one probe."""

import asyncio
import contextlib
import os
import shlex
import signal
import time
from collections.abc import Awaitable
from typing import Literal

import msgspec

from mainstay.drivers.machine.state.addresses import placeholders_of
from mainstay.model import Health, placeholders
from mainstay.system.ports import LOOPBACK
from mainstay.system.process_runner import Launch

MAX_BYTES = 1 << 20
"""Maximum number of bytes that a probe reads of the body of a response."""
REST_WITHIN_S = 1.0
"""Maximum seconds for which a probe reads the rest of a response once its status is known."""
_NO_BODY = {204, 304}


class Probe(msgspec.Struct, frozen=True):
    """The result of one probe.

    good: success · refused: nothing listens · silent: no response within the time limit · bad: any other failure.
    """

    result: Literal["good", "bad", "silent", "refused"]
    exchange: str = ""
    """Request and response: `GET http://127.0.0.1:25430/health → 404`."""

    @property
    def good(self) -> bool:
        return self.result == "good"


async def probe_readiness(health: Health, port: int | None, launch: Launch, limit_s: float) -> Probe:
    """Probe readiness once, for at most *limit_s* seconds.

    A command runs with the user, folder and environment of *launch*; the path of a file is relative to that folder.
    """
    match health.kind:
        case "http":
            return await _get(port or 0, health.ready or "/", limit_s)
        case "tcp":
            return await _judged(f"connection to {LOOPBACK}:{port}", _connect(port or 0), limit_s)
        case "command":
            command = placeholders.fill_all(health.command, placeholders_of(port))
            return await _judged(f"command {shlex.join(command)}", _command(command, launch), limit_s)
        case "file":
            path = os.path.join(launch.folder, health.file)
            return await _judged(f"file {health.file}", _is_newer(path, health.newer_than_s), limit_s)
        case "alive":
            return Probe("good")


async def probe_liveness(health: Health, port: int | None) -> Probe:
    """Probe liveness once: an HTTP request to the path `health.live`."""
    return await _get(port or 0, health.live, health.limit_s)


async def _judged(request: str, response: Awaitable[tuple[bool, str]], limit_s: float) -> Probe:
    try:
        async with asyncio.timeout(limit_s):
            good, what = await response
    except TimeoutError:
        return Probe("silent", f"{request} → no response within {limit_s:g} s")
    except ConnectionRefusedError:
        return Probe("refused", f"{request} → connection refused")
    except (asyncio.IncompleteReadError, ValueError):
        return Probe("bad", f"{request} → no HTTP response")
    except OSError as error:
        return Probe("bad", f"{request} → {error.strerror or error}")
    return Probe("good" if good else "bad", f"{request} → {what}")


async def _get(port: int, path: str, limit_s: float) -> Probe:
    async with contextlib.AsyncExitStack() as connection:
        return await _judged(f"GET http://{LOOPBACK}:{port}{path}", _exchange(port, path, connection), limit_s)


async def _exchange(port: int, path: str, connection: contextlib.AsyncExitStack) -> tuple[bool, str]:
    """Send the request and read the status. When *connection* closes, it first reads the rest of the response."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    connection.callback(writer.close)
    request = f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nUser-Agent: mainstay\r\n"
    writer.write((request + "Accept: */*\r\nConnection: close\r\n\r\n").encode())
    words = (await reader.readline()).split()
    if len(words) < 2 or not words[0].startswith(b"HTTP/"):
        raise ValueError("no status line")
    status = int(words[1])
    if status not in _NO_BODY:
        connection.push_async_callback(_read_rest, reader)
    return 200 <= status < 400, str(status)


async def _read_rest(reader: asyncio.StreamReader) -> None:
    """Read headers and body. A connection that is closed earlier is reset, and many servers log that as an error."""
    with contextlib.suppress(OSError, ValueError, asyncio.LimitOverrunError):
        async with asyncio.timeout(REST_WITHIN_S):
            headers = {}
            while line := (await reader.readline()).strip():
                name, _, value = line.lower().partition(b":")
                headers[name] = value.strip()
            left, end = min(MAX_BYTES, int(headers.get(b"content-length", MAX_BYTES))), b""
            chunked = b"chunked" in headers.get(b"transfer-encoding", b"")
            while left > 0 and not (chunked and end.endswith(b"0\r\n\r\n")) and (part := await reader.read(left)):
                left, end = left - len(part), (end + part)[-5:]


async def _connect(port: int) -> tuple[bool, str]:
    _, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.close()
    return True, "accepted"


async def _command(command: tuple[str, ...], launch: Launch) -> tuple[bool, str]:
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=launch.folder,
        env=launch.environment,
        user=launch.uid,
        group=launch.gid,
        extra_groups=None if launch.uid is None else launch.groups,
        start_new_session=True,
    )
    try:
        code = await child.wait()
        return code == 0, f"exit code {code}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


async def _is_newer(path: str, seconds: float) -> tuple[bool, str]:
    age = time.time() - os.stat(path).st_mtime
    return age <= seconds, f"written {age:.0f} s ago, allowed {seconds:g} s"
