"""An exchange: one HTTP request, or one WebSocket, on its way through the parts."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from time import perf_counter

from mainstay_kit.errors import StreamEnded

from .answer import Answer
from .asgi import Header, Message, Receive, Scope, Send
from .held import Held, Rewrite
from .incoming import Incoming
from .paths import asked_path

Answering = Callable[["Exchange", list[Header]], None]
Hooks = tuple[tuple[Answering, ...], tuple[Answering, ...]]  # of an answer, and of one of 400 and above

KEY = "mainstay_kit.exchange"
GOING_AWAY = 1001
CLIENT_LEFT = 499
EVENT_STREAM = b"text/event-stream"
ENDS = frozenset({"websocket.close", "http.response.pathsend", "http.response.zerocopysend"})

current: ContextVar["Exchange | None"] = ContextVar("mainstay_kit.exchange", default=None)


class Exchange:
    """What the parts learn about a request, and the one `receive` and the one `send` around the application.

    `scope[KEY]` and, within the request, `current` lead to it. `path` is what a router finds the route by. Of a
    header that comes twice, `headers` has the last.
    """

    # What few requests need has its default on the class; the rest is set for each, because it is read for each.
    span_id = preview = ""
    trace_flags = "01"
    incoming: Incoming | None = None  # receives the body, and may refuse it
    rewrite: Rewrite | None = None
    response: Sequence[Header] = ()
    task: "asyncio.Task[object] | None" = None
    _waiting: "asyncio.Task[object] | None" = None

    def __init__(self, scope: Scope, receive: Receive, send: Send, hooks: Hooks = ((), ())) -> None:
        self.began = perf_counter()
        self.scope = scope
        self._receive = receive
        self._send = send
        self._hooks = hooks
        self.websocket: bool = scope["type"] == "websocket"
        self.method: str = scope.get("method", "GET")  # as a WebSocket begins
        self.path: str = scope["path"]
        if "//" in self.path or scope.get("root_path"):
            self.path = asked_path(scope)
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.adding: list[Header] = []  # what a part knows when it enters, and the response is to carry
        self.request_id = self.trace_id = self.route = ""
        self.status = self.sent = 0
        self.started = self.finished = self.closed = self.client_left = self.probe = False
        self._held: Held | None = None
        client = scope.get("client")
        self.client: str = client[0] if client else ""
        self.outer: Exchange | None = scope.get(KEY)
        scope[KEY] = self
        if self.outer is not None:  # parts that were put around the application one by one know the same request
            self._take_over(self.outer)

    def conclude(self) -> None:
        """Say how it ended, and when, although no answer was finished."""
        self.ended = perf_counter()
        self.status = self.status or (CLIENT_LEFT if self.client_left else 500)

    async def receive(self) -> Message:
        """The next message for the application; a disconnect once the exchange is closed."""
        if self.closed:
            return self._goodbye()
        self._waiting, incoming = asyncio.current_task(), self.incoming
        try:
            message = await (self._receive() if incoming is None else incoming.receive(self._receive))
        except asyncio.CancelledError:
            if not self.absorbs_cancellation():
                raise
            return self._goodbye()
        finally:
            self._waiting = None
        if incoming is not None and incoming.refused is not None:
            await self.settle(incoming.refused)
            return self._goodbye()
        if message["type"].endswith("disconnect"):
            self.client_left = self.client_left or not self.finished
        return message

    def send(self, message: Message) -> Awaitable[None]:
        """Pass on what the application says, once the parts have added their headers."""
        # No coroutine of its own where there is nothing to wait for: this runs twice a request.
        kind = message["type"]
        if self.closed:
            raise StreamEnded("the answer is over")
        if kind == "http.response.body":
            if self._held is not None:
                return self._hold(self._held, message)
            self.sent += len(message.get("body", b""))
            if not message.get("more_body"):
                self.finished = True
                self.ended = perf_counter()
        elif kind == "http.response.start":
            if self.started:
                return self._send(message)  # the server says what is wrong with a second start
            self.started = True
            self.status = status = message["status"]
            headers = list(message.get("headers", ()))
            for answering in self._hooks[status >= 400]:
                answering(self, headers)
            headers += self.adding
            self.response = message["headers"] = headers
            if self.rewrite is not None:
                self._held = Held(message, self.rewrite)
                return _nothing()
        elif kind == "websocket.accept":
            self.started, self.status = True, 101
        elif kind in ENDS:
            self.status = self.status or 403  # a WebSocket that was never accepted
            self._finish()
        return self._send(message)

    async def watched_send(self, message: Message) -> None:
        """The same, under a server that raises when the client has left."""
        try:
            await self.send(message)
        except OSError:
            self.client_left = True
            raise

    @property
    def event_stream(self) -> bool:
        """Whether the response is one that goes on until somebody ends it."""
        return any(name == b"content-type" and value.startswith(EVENT_STREAM) for name, value in self.response)

    async def reply(self, answer: Answer) -> None:
        """Answer in place of the application."""
        if self.websocket:
            self.status = answer.status
            self._finish()
            return await self._send({"type": "websocket.close", "code": 1008, "reason": ""})
        headers = [*answer.headers, (b"content-length", b"%d" % len(answer.body))]
        await self.send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": answer.body})
        return await self.release()

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

    async def _hold(self, held: Held, message: Message) -> None:
        # One of 5xx waits until the application is done: frameworks send theirs before they raise what was wrong.
        if held.is_whole_with(message) and self.status < 500:
            await self.release()

    async def release(self) -> None:
        """Send what takes the place of the answer that is held."""
        held, self._held = self._held, None
        if held is None:
            return
        start, body = held.rewritten()
        self.sent = len(body["body"])
        self._finish()
        await self._send(start)
        await self._send(body)

    def drop_held(self) -> None:
        """Forget the answer that is held: it was not begun after all."""
        if self._held is not None:
            self._held = self.rewrite = None
            self.started = False


async def _nothing() -> None:
    """What is awaited where nothing is sent yet."""
