"""Drives an ASGI application as a server does, without one: requests, event streams that end, clients that leave."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mainstay_kit.chain import ASGIApp, Message, Receive, Scope, Send


@dataclass
class Reply:
    """What a client would have seen."""

    messages: list[Message] = field(default_factory=list)

    @property
    def status(self) -> int:
        status: int = self.messages[0]["status"]
        return status

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])

    @property
    def document(self) -> dict[str, object]:
        document: dict[str, object] = json.loads(self.body)
        return document


def scope_of(
    path: str = "/", method: str = "GET", headers: Mapping[str, str] | None = None, **more: object
) -> dict[str, object]:
    pairs = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    return {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": method,
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "scheme": "http",
        "headers": pairs, "client": ("203.0.113.7", 40000), "server": ("127.0.0.1", 8000), "state": {}, **more,
    }  # fmt: skip


async def call(
    app: ASGIApp,
    path: str = "/",
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: Iterable[bytes] = (),
    **more: object,
) -> Reply:
    """One request; *body* comes chunk by chunk, and after its end the client has left."""
    chunks = list(body) or [b""]
    pending = [
        {"type": "http.request", "body": chunk, "more_body": number < len(chunks)}
        for number, chunk in enumerate(chunks, 1)
    ]
    reply = Reply()

    async def receive() -> Message:
        return pending.pop(0) if pending else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        reply.messages.append(message)

    await app(scope_of(path, method, headers, **more), receive, send)
    await asyncio.sleep(0)  # what is recorded is recorded at the end of the loop's turn
    return reply


def stub_app(
    status: int = 200,
    body: bytes = b"hello",
    content_type: str = "text/plain",
    headers: Mapping[str, str] | None = None,
    seen: list[Scope] | None = None,
) -> ASGIApp:
    """An application that reads the whole body, notes its scope and answers always the same."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if seen is not None:
            seen.append(scope)
        more = True
        while more:
            message = await receive()
            more = message.get("more_body", False)
        pairs = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
        start = {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", content_type.encode()), *pairs],
        }
        await send(start)
        await send({"type": "http.response.body", "body": body})

    return app
