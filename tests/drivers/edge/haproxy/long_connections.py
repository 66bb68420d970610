"""Clients whose connections last: uploads, event streams, and tunnels such as WebSockets."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

UPLOAD_BYTES = 10_000_000
UPLOAD_PARTS = 40
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class LongConnections:
    """What the connections have received, by kind of client, and each that failed or ended early."""

    received: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


async def connect(port: int, *head: str) -> Streams:
    """Open a connection and send the *head* of a request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(("\r\n".join((*head, "Host: 127.0.0.1")) + "\r\n\r\n").encode())
    return reader, writer


async def open_tunnel(port: int) -> Streams:
    """Return a connection that the service echoes, like a WebSocket."""
    streams = await connect(port, "GET /tunnel HTTP/1.1", "Connection: upgrade", "Upgrade: echo")
    head = await streams[0].readuntil(b"\r\n\r\n")
    assert b" 101 " in head, head
    return streams


async def open_events(port: int) -> Streams:
    """Return a connection whose response is an event stream."""
    streams = await connect(port, "GET /events HTTP/1.1", "Accept: text/event-stream")
    head = await streams[0].readuntil(b"\r\n\r\n")
    assert b" 200 " in head, head
    return streams


async def echo(streams: Streams) -> None:
    """Send a message through a tunnel and wait for its echo."""
    streams[1].write(b"ping")
    assert await asyncio.wait_for(streams[0].readexactly(4), 10) == b"ping"


async def next_event(streams: Streams) -> None:
    """Wait for the next event of an event stream."""
    await asyncio.wait_for(streams[0].readuntil(b"data: 1\n\n\r\n"), 10)


@asynccontextmanager
async def long_connections(port: int, *, of_each: int = 6, streams: bool = True) -> AsyncIterator[LongConnections]:
    """While the block runs, use *of_each* tunnels and event streams, opened one after another, and slow uploads.

    *streams*: whether there are tunnels and event streams, which end only when the service does.
    """
    found = LongConnections()
    clients = (_use_tunnel, _use_events, _upload) if streams else (_upload,)
    tasks = [
        asyncio.create_task(_until_ended(client, port, found, number / 4))
        for client in clients
        for number in range(of_each)
    ]
    try:
        yield found
    finally:
        found.ended.set()
        await asyncio.gather(*tasks)


async def _until_ended(
    client: Callable[[int, LongConnections], Awaitable[None]], port: int, found: LongConnections, delay_s: float
) -> None:
    await asyncio.sleep(delay_s)
    try:
        await client(port, found)
    except (OSError, asyncio.IncompleteReadError, TimeoutError, AssertionError) as error:
        found.lost.append(f"{client.__name__}: {error!r}")


async def _use_tunnel(port: int, found: LongConnections) -> None:
    streams = await open_tunnel(port)
    while not found.ended.is_set():
        await echo(streams)
        found.received["echoes"] += 1
        await asyncio.sleep(0.02)
    streams[1].close()


async def _use_events(port: int, found: LongConnections) -> None:
    streams = await open_events(port)
    while not found.ended.is_set():
        await next_event(streams)
        found.received["events"] += 1
    streams[1].close()


async def _upload(port: int, found: LongConnections) -> None:
    while not found.ended.is_set():
        reader, writer = await connect(port, "POST /upload HTTP/1.1", f"Content-Length: {UPLOAD_BYTES}")
        for _ in range(UPLOAD_PARTS):
            writer.write(b"x" * (UPLOAD_BYTES // UPLOAD_PARTS))
            await writer.drain()
            await asyncio.sleep(0.02)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        assert b" 200 " in head, head
        found.received["uploads"] += 1
        writer.close()
