"""An exchange: one HTTP request, or one WebSocket, on its way through the parts."""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from time import perf_counter

from .answer import Answer
from .asgi import Header, Message, Receive, Scope, Send
from .errors import StreamEnded

Answering = Callable[["Exchange", list[Header]], None]
Rewrite = Callable[[int, bytes], Answer]

KEY = "mainstay_kit.exchange"
GOING_AWAY = 1001
HELD_AT_MOST = 65_536

current: ContextVar["Exchange | None"] = ContextVar("mainstay_kit.exchange", default=None)


class Exchange:
    """What the parts learn about a request, and the one `receive` and the one `send` around the application.

    `scope[KEY]` and, within the request, `current` lead to it. Of a header that comes twice, `headers` has the last.
    """

    __slots__ = (
        "_answering", "_held", "_receive", "_send", "_waiting", "began", "body_limit", "client", "client_left",
        "closed", "ended", "event_stream", "finished", "headers", "preview", "probe", "received", "request_id",
        "rewrite", "route", "scope", "sent", "span_id", "started", "status", "task", "too_large",
        "trace_flags", "trace_id", "websocket",
    )  # fmt: skip

    def __init__(self, scope: Scope, receive: Receive, send: Send, answering: tuple[Answering, ...]) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self._answering = answering
        self.began = perf_counter()
        self.ended = 0.0
        self.websocket: bool = scope["type"] == "websocket"
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        client = scope.get("client")
        self.client: str = client[0] if client else ""
        self.status = 0
        self.sent = 0
        self.received = 0
        self.body_limit = 0
        self.too_large: Answer | None = None
        self.started = self.finished = self.closed = False
        self.client_left = self.event_stream = self.probe = False
        self.route = ""
        self.rewrite: Rewrite | None = None
        self.task: asyncio.Task[object] | None = None
        self._held: tuple[Message, bytearray] | None = None
        self._waiting: asyncio.Task[object] | None = None
        outer: Exchange | None = scope.get(KEY)
        scope[KEY] = self
        if outer is None:
            self.request_id = self.trace_id = self.span_id = self.preview = ""
            self.trace_flags = "01"
        else:  # parts that were put around the application one by one know the same request
            self.client, self.preview, self.request_id = outer.client, outer.preview, outer.request_id
            self.trace_id, self.span_id, self.trace_flags = outer.trace_id, outer.span_id, outer.trace_flags

    async def receive(self) -> Message:
        """The next message for the application; a disconnect once the exchange is closed."""
        if self.closed:
            return self._goodbye()
        self._waiting = asyncio.current_task()
        try:
            message = await self._receive()
        except asyncio.CancelledError:
            if not self.absorbs_cancellation():
                raise
            return self._goodbye()
        finally:
            self._waiting = None
        kind = message["type"]
        if kind == "http.request":
            if self.body_limit:
                self.received += len(message.get("body", b""))
                if self.received > self.body_limit and self.too_large is not None:
                    await self.settle(self.too_large)
                    return self._goodbye()
        elif kind.endswith("disconnect"):
            self.client_left = self.client_left or not self.finished
        return message

    async def send(self, message: Message) -> None:
        """Pass on what the application says, once the parts have added their headers."""
        if self.closed:
            raise StreamEnded("the answer is over")
        kind = message["type"]
        if kind == "http.response.body":
            if self._held is not None:
                return await self._hold(self._held, message)
            self.sent += len(message.get("body", b""))
            if not message.get("more_body"):
                self._finish()
        elif kind == "http.response.start":
            if self.started:
                return await self._send(message)  # the server says what is wrong with a second start
            self.started = True
            self.status = message["status"]
            headers = list(message.get("headers", ()))
            for answering in self._answering:
                answering(self, headers)
            message = {**message, "headers": headers}
            if self.rewrite is not None:
                self._held = message, bytearray()
                return None
        elif kind == "websocket.accept":
            self.started, self.status = True, 101
        elif kind in {"websocket.close", "http.response.pathsend", "http.response.zerocopysend"}:
            self._finish()
        try:
            return await self._send(message)
        except OSError:
            self.client_left = True
            raise

    async def reply(self, answer: Answer) -> None:
        """Answer in place of the application."""
        if self.websocket:
            self.status = answer.status
            self._finish()
            return await self._send({"type": "websocket.close", "code": 1008, "reason": ""})
        length = (b"content-length", b"%d" % len(answer.body))
        headers = [*answer.headers, length]
        await self.send({"type": "http.response.start", "status": answer.status, "headers": headers})
        return await self.send({"type": "http.response.body", "body": answer.body})

    async def settle(self, answer: Answer) -> None:
        """Answer while the application is still at work; what it says from now on is dropped."""
        if not self.started:
            await self.reply(answer)
        self.closed = True

    async def say_goodbye(self) -> None:
        """End a stream as a server does that goes away: the application sees its client leave."""
        if self.closed:
            return
        self.closed = True
        if self._waiting is not None:
            self._waiting.cancel()
        if self.finished:
            return
        self._finish()
        if self.websocket:
            reason = "the service is stopping"
            await self._send({"type": "websocket.close", "code": GOING_AWAY, "reason": reason})
        elif self.started:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def absorbs_cancellation(self) -> bool:
        """Whether it was us who cancelled, after the exchange was closed; then it is over for the task as well."""
        task = asyncio.current_task()
        if self.closed and task is not None:
            task.uncancel()
        return self.closed

    def _goodbye(self) -> Message:
        if self.websocket:
            return {"type": "websocket.disconnect", "code": GOING_AWAY, "reason": ""}
        return {"type": "http.disconnect"}

    def _finish(self) -> None:
        self.finished = True
        self.ended = perf_counter()

    async def _hold(self, held: tuple[Message, bytearray], message: Message) -> None:
        """Keep the body of an error back until it is whole, then send what `rewrite` makes of it."""
        start, body = held
        body += message.get("body", b"")[: HELD_AT_MOST - len(body)]
        if message.get("more_body") or self.rewrite is None:
            return
        self._held = None
        answer = self.rewrite(self.status, bytes(body))
        replaced = {b"content-length", b"content-encoding", *(name for name, _ in answer.headers)}
        kept = [(name, value) for name, value in start["headers"] if name.lower() not in replaced]
        headers = [*kept, *answer.headers, (b"content-length", b"%d" % len(answer.body))]
        self.sent += len(answer.body)
        self._finish()
        await self._send({**start, "headers": headers})
        await self._send({"type": "http.response.body", "body": answer.body})
