"""An exchange: one HTTP request or one WebSocket connection that passes through the parts."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from time import perf_counter

from mainstay_kit.errors import StreamEnded

from .asgi import Header, Message, Receive, Scope, Send
from .body_reader import BodyReader
from .buffered_response import BufferedResponse, Rewrite
from .paths import path_within_app
from .response import Response

ResponseHook = Callable[["Exchange", list[Header]], None]
Hooks = tuple[tuple[ResponseHook, ...], tuple[ResponseHook, ...]]  # for any response, and for one of 400 and above

SCOPE_KEY = "mainstay_kit.exchange"
GOING_AWAY = 1001
CLIENT_CLOSED_REQUEST = 499
EVENT_STREAM = b"text/event-stream"
FINAL_MESSAGES = frozenset({"websocket.close", "http.response.pathsend", "http.response.zerocopysend"})

current: ContextVar["Exchange | None"] = ContextVar("mainstay_kit.exchange", default=None)


class Exchange:
    """The state that the parts share about a request, and the single `receive` and `send` around the application.

    It is in `scope[SCOPE_KEY]` and, within the request, in `current`. `path` is the path that a router matches.
    `headers` has the last value of a header that occurs twice. `started_at` and `ended_at` are `perf_counter` seconds.
    """

    # Attributes that few requests need have defaults on the class; those that every request reads are set on each.
    span_id = preview = ""
    trace_flags = "01"
    body_reader: BodyReader | None = None  # receives the body, and may refuse it
    rewrite: Rewrite | None = None
    response: Sequence[Header] = ()
    task: "asyncio.Task[object] | None" = None
    _receiving_task: "asyncio.Task[object] | None" = None

    def __init__(self, scope: Scope, receive: Receive, send: Send, hooks: Hooks = ((), ())) -> None:
        self.started_at = perf_counter()
        self.scope = scope
        self._receive = receive
        self._send = send
        self._hooks = hooks
        self.websocket: bool = scope["type"] == "websocket"
        self.method: str = scope.get("method", "GET")  # a WebSocket begins as a GET
        self.path: str = scope["path"]
        if "//" in self.path or scope.get("root_path"):
            self.path = path_within_app(scope)
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.added_headers: list[Header] = []  # response headers that parts already know in `on_request`
        self.request_id = self.trace_id = self.route = ""
        self.status = self.bytes_sent = 0
        self.response_started = self.response_finished = self.closed = self.client_left = self.probe = False
        self._buffered: BufferedResponse | None = None
        client = scope.get("client")
        self.client: str = client[0] if client else ""
        self.outer: Exchange | None = scope.get(SCOPE_KEY)
        scope[SCOPE_KEY] = self
        if self.outer is not None:  # parts that wrap the application one by one share the request's context
            self._copy_context(self.outer)

    def conclude(self) -> None:
        """Set `ended_at` and `status` of an exchange whose response was not finished."""
        self.ended_at = perf_counter()
        self.status = self.status or (CLIENT_CLOSED_REQUEST if self.client_left else 500)

    async def receive(self) -> Message:
        """Return the next message for the application; a disconnect once the exchange is closed."""
        if self.closed:
            return self._disconnect_message()
        self._receiving_task, body_reader = asyncio.current_task(), self.body_reader
        try:
            message = await (self._receive() if body_reader is None else body_reader.receive(self._receive))
        except asyncio.CancelledError:
            if not self.absorbs_cancellation():
                raise
            return self._disconnect_message()
        finally:
            self._receiving_task = None
        if body_reader is not None and body_reader.refusal is not None:
            await self.close_with(body_reader.refusal)
            return self._disconnect_message()
        if message["type"].endswith("disconnect"):
            self.client_left = self.client_left or not self.response_finished
        return message

    def send(self, message: Message) -> Awaitable[None]:
        """Send the application's message, with the parts' headers added. Raises StreamEnded when closed."""
        # Not a coroutine itself, because this runs twice per request and a coroutine costs time.
        kind = message["type"]
        if self.closed:
            raise StreamEnded("the response has ended")
        if kind == "http.response.body":
            if self._buffered is not None:
                return self._buffer(self._buffered, message)
            self.bytes_sent += len(message.get("body", b""))
            if not message.get("more_body"):
                self.response_finished = True
                self.ended_at = perf_counter()
        elif kind == "http.response.start":
            if self.response_started:
                return self._send(message)  # the server reports what is wrong with a second start
            self.response_started = True
            self.status = status = message["status"]
            headers = list(message.get("headers", ()))
            for on_response_start in self._hooks[status >= 400]:
                on_response_start(self, headers)
            headers += self.added_headers
            self.response = message["headers"] = headers
            if self.rewrite is not None:
                self._buffered = BufferedResponse(message, self.rewrite)
                return _send_nothing()
        elif kind == "websocket.accept":
            self.response_started, self.status = True, 101
        elif kind in FINAL_MESSAGES:
            self.status = self.status or 403  # a WebSocket that was never accepted
            self._mark_finished()
        return self._send(message)

    async def send_detecting_disconnect(self, message: Message) -> None:
        """Send *message* as `send` does, and note when the server raises because the client has left."""
        try:
            await self.send(message)
        except OSError:
            self.client_left = True
            raise

    @property
    def is_event_stream(self) -> bool:
        """Whether the response is an event stream, which continues until one side ends it."""
        return any(name == b"content-type" and value.startswith(EVENT_STREAM) for name, value in self.response)

    async def respond(self, response: Response) -> None:
        """Send *response* in place of the application's response."""
        if self.websocket:
            self.status = response.status
            self._mark_finished()
            return await self._send({"type": "websocket.close", "code": 1008, "reason": ""})
        headers = [*response.headers, (b"content-length", b"%d" % len(response.body))]
        await self.send({"type": "http.response.start", "status": response.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": response.body})
        return await self.send_buffered()

    async def close_with(self, response: Response) -> None:
        """Close the exchange while the application still runs; send *response* first if no response has begun."""
        if not self.response_started:
            await self.respond(response)
        self.closed = True

    async def close_gracefully(self) -> None:
        """End a stream as a stopping server does: the application receives the disconnect of its client."""
        if self.closed:
            return
        self.closed = True
        if self._receiving_task is not None:
            self._receiving_task.cancel()
        if self.response_finished:
            return
        self._mark_finished()
        if self.websocket:
            reason = "the service is stopping"
            await self._send({"type": "websocket.close", "code": GOING_AWAY, "reason": reason})
        elif self.response_started:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def _copy_context(self, outer: "Exchange") -> None:
        self.client, self.preview, self.request_id = outer.client, outer.preview, outer.request_id
        self.trace_id, self.span_id, self.trace_flags = outer.trace_id, outer.span_id, outer.trace_flags

    def absorbs_cancellation(self) -> bool:
        """Return whether the kit cancelled the task of a closed exchange; if so, clear the task's cancellation."""
        task = asyncio.current_task()
        if self.closed and task is not None:
            task.uncancel()
        return self.closed

    def _disconnect_message(self) -> Message:
        if self.websocket:
            return {"type": "websocket.disconnect", "code": GOING_AWAY, "reason": ""}
        return {"type": "http.disconnect"}

    def _mark_finished(self) -> None:
        self.response_finished = True
        self.ended_at = perf_counter()

    async def _buffer(self, buffered: BufferedResponse, message: Message) -> None:
        # A 5xx response waits until the application returns: frameworks send it before they raise the exception.
        if buffered.is_complete_after(message) and self.status < 500:
            await self.send_buffered()

    async def send_buffered(self) -> None:
        """Send the rewritten response in place of the held one."""
        buffered, self._buffered = self._buffered, None
        if buffered is None:
            return
        start, body = buffered.rewrite()
        self.bytes_sent = len(body["body"])
        self._mark_finished()
        await self._send(start)
        await self._send(body)

    def discard_buffered(self) -> None:
        """Discard the held response, so that another one can begin."""
        if self._buffered is not None:
            self._buffered = self.rewrite = None
            self.response_started = False


async def _send_nothing() -> None:
    """Do nothing: the awaitable that `send` returns while the response is held."""
