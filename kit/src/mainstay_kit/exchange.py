"""An exchange: one HTTP request, or one WebSocket, on its way through the parts."""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from time import perf_counter

from .answer import Answer
from .asgi import Header, Message, Receive, Scope, Send
from .errors import StreamEnded
from .held import Held

Answering = Callable[["Exchange", list[Header]], None]
Rewrite = Callable[[int, bytes], Answer]

KEY = "mainstay_kit.exchange"
GOING_AWAY = 1001

current: ContextVar["Exchange | None"] = ContextVar("mainstay_kit.exchange", default=None)


class Exchange:
    """What the parts learn about a request, and the one `receive` and the one `send` around the application.

    `scope[KEY]` and, within the request, `current` lead to it. Of a header that comes twice, `headers` has the last.
    """

    # Defaults stand on the class: what a request does not change is not written for each of them.
    status = 0
    sent = received = body_limit = 0
    began = ended = 0.0
    started = finished = closed = client_left = event_stream = probe = False
    request_id = trace_id = span_id = preview = route = ""
    trace_flags = "01"
    too_large: Answer | None = None
    rewrite: Rewrite | None = None
    task: "asyncio.Task[object] | None" = None
    _held: Held | None = None
    _waiting: "asyncio.Task[object] | None" = None

    def __init__(self, scope: Scope, receive: Receive, send: Send, answering: tuple[Answering, ...]) -> None:
        self.began = perf_counter()
        self.scope = scope
        self._receive = receive
        self._send = send
        self._answering = answering
        self.websocket: bool = scope["type"] == "websocket"
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        client = scope.get("client")
        self.client: str = client[0] if client else ""
        self._outer: Exchange | None = scope.get(KEY)
        scope[KEY] = self
        if self._outer is not None:  # parts that were put around the application one by one know the same request
            self._take_over(self._outer)

    def let_go(self) -> None:
        """Leave the scope, which knows us as we know it: nothing is left behind for the garbage collector."""
        self.scope[KEY] = self._outer

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
            if self._held is not None and self.rewrite is not None:
                if self._held.is_whole_with(message):
                    await self._send_rewritten(self._held, self.rewrite)
                return None
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
            message["headers"] = headers
            if self.rewrite is not None:
                self._held = Held(message)
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

    def _take_over(self, outer: "Exchange") -> None:
        self.client, self.preview, self.request_id = outer.client, outer.preview, outer.request_id
        self.trace_id, self.span_id, self.trace_flags = outer.trace_id, outer.span_id, outer.trace_flags

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

    async def _send_rewritten(self, held: Held, rewrite: Rewrite) -> None:
        self._held = None
        answer = rewrite(self.status, held.body)
        self.sent += len(answer.body)
        self._finish()
        for message in held.replaced_by(answer):
            await self._send(message)
