"""Whether an instance answers: one question of each kind of health."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Awaitable

from mainstay.release import Health, placeholders
from mainstay.supervisor.ports import LOOPBACK, address
from mainstay.supervisor.runners.process import Launch


async def answers(health: Health, port: int | None, launch: Launch) -> bool:
    """Whether it is ready. *launch* says as whom and where a command is run."""
    match health.kind:
        case "http":
            return await _within(health, _http(port or 0, health.ready))
        case "tcp":
            return await _within(health, _tcp(port or 0))
        case "command":
            return await _within(health, _command(placeholders.fill_all(health.command, address(port)), launch))
        case "file":
            return await _within(health, _is_newer(os.path.join(launch.folder, health.file), health.newer_than_s))
        case "alive":
            return True


async def is_live(health: Health, port: int | None) -> bool:
    """Whether it says that it is not stuck."""
    return await _within(health, _http(port or 0, health.live))


async def _within(health: Health, probe: Awaitable[bool]) -> bool:
    """What *probe* finds within its limit."""
    try:
        async with asyncio.timeout(health.limit_s):
            return await probe
    except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
        return False


async def _http(port: int, path: str) -> bool:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        ask = f"GET {path or '/'} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nUser-Agent: mainstay\r\n"
        writer.write((ask + "Accept: */*\r\nConnection: close\r\n\r\n").encode())
        status = (await reader.readline()).split()
        return len(status) > 1 and status[0].startswith(b"HTTP/") and 200 <= int(status[1]) < 400
    finally:
        writer.close()


async def _tcp(port: int) -> bool:
    _, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.close()
    return True


async def _command(command: tuple[str, ...], launch: Launch) -> bool:
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
        return await child.wait() == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


async def _is_newer(path: str, seconds: float) -> bool:
    return time.time() - os.stat(path).st_mtime <= seconds
