"""An exchange: one HTTP request or one WebSocket connection that passes through the parts."""

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
Hooks = tuple[tuple[Answering, ...], tuple[Answering, ...]]  # for any response, and for one of 400 and above

KEY = "mainstay_kit.exchange"
GOING_AWAY = 1001
CLIENT_LEFT = 499
EVENT_STREAM = b"text/event-stream"
ENDS = frozenset({"websocket.close", "http.response.pathsend", "http.response.zerocopysend"})

current: ContextVar["Exchange | None"] = ContextVar("mainstay_kit.exchange", default=None)


class Exchange:
    """The state that the parts share about a request, and the single `receive` and `send` around the application.

    It is in `scope[KEY]` and, within the request, in `current`. `path` is the path that a router matches. Of a header
    that occurs twice, `headers` has the last value.
    """

    # Attributes that few requests need have defaults on the class; those that every request reads are set on each.
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
        self.method: str = scope.get("method", "GET")  # a WebSocket begins as a GET
        self.path: str = scope["path"]
        if "//" in self.path or scope.get("root_path"):
            self.path = asked_path(scope)
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.adding: list[Header] = []  # response headers that parts already know in `enter`
        self.request_id = self.trace_id = self.route = ""
        self.status = self.sent = 0
        self.started = self.finished = self.closed = self.client_left = self.probe = False
        self._held: Held | None = None
        client = scope.get("client")
        self.client: str = client[0] if client else ""
        self.outer: Exchange | None = scope.get(KEY)
        scope[KEY] = self
        if self.outer is not None:  # parts that wrap the application one by one share the request's context
            self._take_over(self.outer)

    def conclude(self) -> None:
        """Set `ended` and `status` of an exchange whose response was not finished."""
        self.ended = perf_counter()
        self.status = self.status or (CLIENT_LEFT if self.client_left else 500)

    async def receive(self) -> Message:
        """Return the next message for the application; a disconnect once the exchange is closed."""
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
        """Send the application's message, with the parts' headers added. Raises StreamEnded when closed."""
        # Not a coroutine itself, because this runs twice per request and a coroutine costs time.
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
                return self._send(message)  # the server reports what is wrong with a second start
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
        """Do the same as `send`, under a server that raises when the client has left."""
        try:
            await self.send(message)
        except OSError:
            self.client_left = True
            raise

    @property
    def event_stream(self) -> bool:
        """Whether the response is an event stream, which continues until one side ends it."""
        return any(name == b"content-type" and value.startswith(EVENT_STREAM) for name, value in self.response)

    async def reply(self, answer: Answer) -> None:
        """Send *answer* in place of the application's response."""
        if self.websocket:
            self.status = answer.status
            self._finish()
            return await self._send({"type": "websocket.close", "code": 1008, "reason": ""})
        headers = [*answer.headers, (b"content-length", b"%d" % len(answer.body))]
        await self.send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": answer.body})
        return await self.release()

    async def settle(self, answer: Answer) -> None:
        """Send *answer* while the application still runs, if it has sent nothing, and close the exchange."""
        if not self.started:
            await self.reply(answer)
        self.closed = True

    async def say_goodbye(self) -> None:
        """End a stream as a stopping server does: the application sees a disconnect of its client."""
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
        """Return whether the kit cancelled the task of a closed exchange; if so, clear the task's cancellation."""
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
        # A 5xx response waits until the application returns: frameworks send it before they raise the exception.
        if held.is_whole_with(message) and self.status < 500:
            await self.release()

    async def release(self) -> None:
        """Send the rewritten response in place of the held one."""
        held, self._held = self._held, None
        if held is None:
            return
        start, body = held.rewritten()
        self.sent = len(body["body"])
        self._finish()
        await self._send(start)
        await self._send(body)

    def drop_held(self) -> None:
        """Discard the held response, so that another one can begin."""
        if self._held is not None:
            self._held = self.rewrite = None
            self.started = False


async def _nothing() -> None:
    """Do nothing; awaited when a response is held and nothing is sent yet."""
