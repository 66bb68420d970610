"""The access log: complete lines, in order, in a file of bounded size."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from mainstay.drivers.edge.haproxy.access_lines import NAME, Lost, read
from mainstay.drivers.edge.haproxy.access_log import MAX_LINE_BYTES, AccessLog
from mainstay.drivers.machine.logs.files import Logs
from mainstay.system import log_rotation
from mainstay.system.state_dir import Folders

LINE = (
    b'{"at":"2026-11-21T13:18:17.120Z","door":"door:8080","service":"web","slot":"web.s2","release":"41",'
    b'"method":"GET","path":"\\/a","status":200,"bytes":51,"request_ms":0,"queue_ms":0,"connect_ms":1,'
    b'"answer_ms":2,"total_ms":3,"ended":"--","retries":"+1","id":"abc"}'
)


@pytest.fixture
def folders() -> Iterator[Folders]:
    with tempfile.TemporaryDirectory(prefix="ms-") as folder:
        yield Folders(Path(folder) / "state", Path(folder) / "keys")


def lines(folders: Folders) -> list[bytes]:
    return (folders.logs / "edge" / NAME).read_bytes().splitlines()


async def send(folders: Folders, *parts: bytes) -> None:
    _, writer = await asyncio.open_unix_connection(folders.access_log_socket)
    for part in parts:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0)
    writer.close()
    await writer.wait_closed()


async def wait_for_size(folders: Folders, size: int) -> None:
    async with asyncio.timeout(5):
        while (folders.logs / "edge" / NAME).stat().st_size < size:
            await asyncio.sleep(0.005)


async def wait_for_lines(folders: Folders, count: int) -> None:
    async with asyncio.timeout(5):
        while not (folders.logs / "edge" / NAME).exists() or len(lines(folders)) < count:
            await asyncio.sleep(0.005)


def test_a_sender_of_an_endless_line_is_disconnected(folders: Folders) -> None:
    async def scenario() -> bytes:
        log = AccessLog(folders)
        await log.start()
        reader, writer = await asyncio.open_unix_connection(folders.access_log_socket)
        try:
            writer.write(b"x" * (MAX_LINE_BYTES + 1))
            async with asyncio.timeout(5):
                return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()
            await log.stop()

    assert asyncio.run(scenario()) == b""
    assert not (folders.logs / "edge" / NAME).exists()


def test_lines_split_by_the_stream_are_complete_in_the_file(folders: Folders) -> None:
    async def scenario() -> None:
        log = AccessLog(folders)
        await log.start()
        await send(folders, LINE[:50], LINE[50:] + b"\n" + LINE[:3], LINE[3:] + b"\n")
        await wait_for_lines(folders, 2)
        await log.stop()

    asyncio.run(scenario())
    assert lines(folders) == [LINE, LINE]


def test_an_aborted_sender_damages_no_other_line(folders: Folders) -> None:
    async def scenario() -> None:
        log = AccessLog(folders)
        await log.start()
        await send(folders, LINE + b"\n" + LINE[:40])
        await wait_for_lines(folders, 1)
        await send(folders, LINE + b"\n")
        await wait_for_lines(folders, 2)
        await log.stop()

    asyncio.run(scenario())
    assert lines(folders) == [LINE, LINE]


def test_a_socket_left_by_a_killed_supervisor_is_taken_over(folders: Folders) -> None:
    async def scenario() -> None:
        folders.sockets.mkdir(parents=True)
        folders.access_log_socket.touch()
        log = AccessLog(folders)
        await log.start()
        await send(folders, LINE + b"\n")
        await wait_for_lines(folders, 1)
        await log.stop()

    asyncio.run(scenario())
    assert lines(folders) == [LINE]


def test_dropped_lines_are_reported_once(folders: Folders) -> None:
    log = AccessLog(folders)
    for dropped in (0, 3, 3, 5):
        log.report_dropped(dropped)
    entries = [read(line) for line in lines(folders)]
    assert [entry.lost for entry in entries if isinstance(entry, Lost)] == [3, 2]


def test_lines_dropped_by_a_new_worker_are_counted_from_zero(folders: Folders) -> None:
    log = AccessLog(folders)
    for dropped in (5, 0, 2):
        log.report_dropped(dropped)
    assert [msgspec.json.decode(line)["lost"] for line in lines(folders)] == [5, 2]


@pytest.mark.failure("F79")
def test_a_full_access_log_loses_its_oldest_lines(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_rotation, "MAX_BYTES", 100_000)
    monkeypatch.setattr(log_rotation, "STEP_BYTES", 20_000)

    async def scenario() -> None:
        log = AccessLog(folders)
        await log.start()
        for _ in range(20):
            await send(folders, *[LINE + b"\n"] * 50)
        await wait_for_size(folders, 1000 * (len(LINE) + 1))
        await log.stop()

    asyncio.run(scenario())
    assert (folders.logs / "edge" / NAME).stat().st_blocks * 512 <= 110_000
    kept = list(Logs(folders.logs / "edge").last(10_000))
    assert 200 < len(kept) < 400
    assert {one.line for one in kept} == {"GET /a 200 3 ms web@41"}
