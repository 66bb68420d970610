"""The access log: complete lines, in order, in a file of bounded size."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from mainstay.drivers.edge.haproxy.access_lines import NAME, PATH_BYTES, Lost, read
from mainstay.drivers.edge.haproxy.access_log import MAX_LINE_BYTES, AccessLog
from mainstay.drivers.edge.haproxy.config import global_section
from mainstay.drivers.machine.logs.files import Logs
from mainstay.system import log_rotation
from mainstay.system.state_dir import Folders
from tests.drivers.edge.haproxy.http_load import load, wait_until
from tests.drivers.edge.haproxy.running_proxy import LINE, running_proxy


@pytest.fixture
def folders() -> Iterator[Folders]:
    with tempfile.TemporaryDirectory(prefix="ms-") as folder:
        yield Folders(Path(folder) / "state", Path(folder) / "keys")


@pytest.fixture
def log(runner: asyncio.Runner, folders: Folders) -> Iterator[AccessLog]:
    log = AccessLog(folders)
    runner.run(log.start())
    yield log
    runner.run(log.stop())


def lines(folders: Folders) -> list[bytes]:
    file = folders.logs / "edge" / NAME
    return file.read_bytes().splitlines() if file.exists() else []


async def send(folders: Folders, *parts: bytes) -> None:
    _, writer = await asyncio.open_unix_connection(folders.access_log_socket)
    for part in parts:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0)
    writer.close()
    await writer.wait_closed()


async def test_a_sender_of_an_endless_line_is_disconnected(folders: Folders, log: AccessLog) -> None:
    reader, writer = await asyncio.open_unix_connection(folders.access_log_socket)
    try:
        writer.write(b"x" * (MAX_LINE_BYTES + 1))
        async with asyncio.timeout(5):
            assert await reader.read() == b""
    except ConnectionResetError:
        pass
    finally:
        writer.close()
    assert lines(folders) == []


async def test_lines_split_by_the_stream_are_complete_in_the_file(folders: Folders, log: AccessLog) -> None:
    await send(folders, LINE[:50], LINE[50:] + b"\n" + LINE[:3], LINE[3:] + b"\n")
    await wait_until(lambda: lines(folders) == [LINE, LINE])


async def test_an_aborted_sender_damages_no_other_line(folders: Folders, log: AccessLog) -> None:
    await send(folders, LINE + b"\n" + LINE[:40])
    await wait_until(lambda: lines(folders) == [LINE])
    await send(folders, LINE + b"\n")
    await wait_until(lambda: lines(folders) == [LINE, LINE])


async def test_a_socket_left_by_a_killed_supervisor_is_taken_over(folders: Folders) -> None:
    folders.sockets.mkdir(parents=True)
    folders.access_log_socket.touch()
    log = AccessLog(folders)
    await log.start()
    await send(folders, LINE + b"\n")
    await wait_until(lambda: lines(folders) == [LINE])
    await log.stop()


async def test_lines_that_arrived_before_the_end_are_in_the_file(folders: Folders) -> None:
    log = AccessLog(folders)
    await log.start()
    _, writer = await asyncio.open_unix_connection(folders.access_log_socket)
    writer.write(LINE + b"\n")
    await wait_until(lambda: lines(folders) == [LINE])
    writer.write(LINE + b"\n")
    await log.stop()
    assert lines(folders) == [LINE, LINE]
    writer.close()


async def test_lines_for_which_haproxy_had_no_room_are_counted_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(global_section, "RING_BYTES", 100_000)
    async with running_proxy() as running:
        await running.log.stop()
        async with silent_reader(running.folders) as streams, load(running.front_port, rate=10_000) as tally:
            await wait_until(lambda: streams)  # Without a reader, HAProxy overwrites lines and counts none.
            before = tally.total
            await wait_until(lambda: tally.total > before + 2000)
        await running.log.start()

        async def reported() -> bool:
            await running.request()  # HAProxy reports what it dropped before the next line.
            return lost(running.folders) > 500

        await wait_until(reported)
        assert lost(running.folders) <= running.log.signals.signals().lost <= tally.total


@pytest.mark.failure("F78")
async def test_every_request_is_counted_however_long_its_path_or_method_and_whatever_their_bytes() -> None:
    async with running_proxy() as running:
        for path in ("/" + "x" * 900, "/" + "y" * 8000, "/" + '"' * 5000, "/\\" * 3000, "/ü\xff%00" * 1500, "/\x7f\t"):
            await raw_request(running.front_port, f"GET {path} HTTP/1.1")
        await raw_request(running.front_port, "M" * 9000 + "$!#'*`|~ / HTTP/1.1")
        await raw_request(running.front_port, "nonsense")
        await raw_request(running.front_port, "GET / HTTP/1.1", 'X-Request-Id: \\"' + "\\" * 120)
        found = await running.wait_for_log_entries(9)
        assert running.log.signals.signals().lost == 0
    assert len(found) == 9
    assert max(len(entry.path.encode()) for entry in found) == PATH_BYTES


async def raw_request(port: int, *head: str) -> None:
    """Send the *head* of a request as it is, and wait for the end of the response."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(("\r\n".join((*head, "Host: 127.0.0.1", "Connection: close")) + "\r\n\r\n").encode("latin-1"))
    async with asyncio.timeout(5):
        await reader.read()
    writer.close()


def lost(folders: Folders) -> int:
    """Return how many lines are missing according to the log."""
    return sum(msgspec.json.decode(line)["lost"] for line in lines(folders) if b'"lost":' in line)


@asynccontextmanager
async def silent_reader(folders: Folders) -> AsyncIterator[list[asyncio.StreamWriter]]:
    """Accept HAProxy's stream and read nothing until the block ends; yield the streams."""
    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_unix_server(
        lambda _, writer: writers.append(writer), folders.access_log_socket, limit=1
    )
    folders.access_log_socket.chmod(0o666)
    try:
        yield writers
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()


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
async def test_a_full_access_log_loses_its_oldest_lines(
    folders: Folders, log: AccessLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_rotation, "MAX_BYTES", 100_000)
    monkeypatch.setattr(log_rotation, "STEP_BYTES", 20_000)
    file = folders.logs / "edge" / NAME
    for _ in range(20):
        await send(folders, *[LINE + b"\n"] * 50)
    await wait_until(lambda: file.stat().st_size >= 1000 * (len(LINE) + 1))
    assert file.stat().st_blocks * 512 <= 110_000
    kept = list(Logs(folders.logs / "edge").last(10_000))
    assert 200 < len(kept) < 400
    assert {one.line for one in kept} == {"GET /a 200 3 ms web@41"}
