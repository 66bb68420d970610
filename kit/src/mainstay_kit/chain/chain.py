"""A chain: any number of parts around an application, in one wrapper."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

from mainstay_kit.errors import Misconfigured

from .asgi import ASGIApp, Header, Message, Receive, Scope, Send
from .exchange import SCOPE_KEY, Exchange, current
from .response import Response
from .routes import DeclaredRoutes

Outcome = Response | Awaitable[Response | None] | None
EXCHANGE_TYPES = frozenset({"http", "websocket"})
# Servers of these ASGI versions do not raise when the client has left.
SILENT_SEND_VERSIONS = frozenset({"2.0", "2.1", "2.2", "2.3"})


class Part:
    """One concern of a service: ASGI middleware around *app*, or, without *app*, one of the parts that a `Chain` runs.

    A part overrides the hooks it needs; the others cost nothing. If its `on_request` applies to certain paths only, the
    part lists them in `paths`, and costs nothing at other paths.
    """

    paths: Collection[str] | None = None

    def __init__(self, app: ASGIApp | None = None) -> None:
        self._chain = None if app is None else Chain(app, self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._chain is None:
            name = type(self).__name__
            raise Misconfigured(f"{name} has no application", remedy=f"write {name}(app, …) or Chain(app, …)")
        await self._chain(scope, receive, send)

    def on_request(self, exchange: Exchange) -> Outcome:
        """Run before the application. Return None to let the request pass, or a Response to send instead."""

    def on_response_start(self, exchange: Exchange, headers: list[Header]) -> None:
        """Add to *headers* what depends on the response. `on_request` adds all else to `exchange.added_headers`."""

    def on_error_response(self, exchange: Exchange, headers: list[Header]) -> None:
        """Run after `on_response_start` when a response with a status of 400 or above begins."""

    def on_exception(self, exchange: Exchange, error: Exception) -> Response | None:
        """Return the response to an exception of the application, sent if no response has begun; None: not handled."""

    def on_end(self, exchange: Exchange) -> None:
        """Run when the exchange is over, however it ended; its `status` and `ended_at` are set."""

    def on_batch_end(self, exchanges: Sequence[Exchange]) -> None:
        """Run once for all exchanges that ended in one turn of the event loop, after their responses were sent."""

    async def startup(self) -> None:
        """Run before the application starts."""

    async def shutdown(self) -> None:
        """Run after the application has ended."""


def _overridden_hooks(hook: str, *parts: Part) -> tuple[Callable[..., Any], ...]:
    return tuple(getattr(part, hook) for part in parts if getattr(type(part), hook) is not getattr(Part, hook))


class Chain:
    """The parts around an application, outermost first, as one ASGI application.

    When `on_request` of a part returns a response, the application and `on_request` of the later parts do not run.
    """

    def __init__(self, app: ASGIApp, *parts: Part) -> None:
        self._app = app
        self._routes = DeclaredRoutes(app)
        self._parts = parts
        self._request_hooks = _overridden_hooks("on_request", *(part for part in parts if part.paths is None))
        self._request_hooks_at = {
            path: _overridden_hooks("on_request", *(part for part in parts if part.paths is None or path in part.paths))
            for path in frozenset[str]().union(*(part.paths or () for part in parts))
        }
        on_response_start = _overridden_hooks("on_response_start", *parts)
        self._hooks = on_response_start, on_response_start + _overridden_hooks("on_error_response", *parts)
        self._exception_hooks = _overridden_hooks("on_exception", *parts)
        self._end_hooks = _overridden_hooks("on_end", *reversed(parts))
        self._batch_hooks = _overridden_hooks("on_batch_end", *parts)
        self._ended_exchanges: list[Exchange] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in EXCHANGE_TYPES:
            serve = self._lifespan if scope["type"] == "lifespan" else self._app
            return await serve(scope, receive, send)
        exchange = Exchange(scope, receive, send, self._hooks)
        token = current.set(exchange)
        try:
            for on_request in self._request_hooks_at.get(exchange.path, self._request_hooks):
                outcome = on_request(exchange)
                if outcome is not None:
                    response = outcome if isinstance(outcome, Response) else await outcome
                    if response is not None:
                        if response.status >= 400 and not exchange.probe:
                            exchange.route = exchange.route or self._routes.template(exchange.path)
                        return await exchange.respond(response)
            is_silent = scope["asgi"].get("spec_version") in SILENT_SEND_VERSIONS
            await self._app(scope, exchange.receive, exchange.send if is_silent else exchange.send_detecting_disconnect)
            if exchange.status >= 500:
                await exchange.send_buffered()
        except asyncio.CancelledError:
            if not exchange.absorbs_cancellation():
                raise
        except Exception as error:  # noqa: BLE001 a boundary: the failure becomes a response, or goes on to the server
            await self._handle_exception(exchange, error)
        finally:
            scope[SCOPE_KEY] = exchange.outer  # a reference cycle would be left for the garbage collector
            if not exchange.response_finished:
                exchange.conclude()
            for on_end in self._end_hooks:
                on_end(exchange)
            current.reset(token)
            if self._batch_hooks:
                if not self._ended_exchanges:
                    asyncio.get_running_loop().call_soon(self._record_ended)
                self._ended_exchanges.append(exchange)

    async def _handle_exception(self, exchange: Exchange, error: Exception) -> None:
        if exchange.closed or exchange.client_left:
            return  # there is no client to respond to, and that is no error of the service
        exchange.discard_buffered()
        response = None
        for on_exception in self._exception_hooks:
            response = response or on_exception(exchange, error)
        if response is None or (exchange.response_started and not exchange.response_finished):
            raise error  # the server cuts the connection, so that the client sees a broken answer as broken
        if not exchange.response_finished:
            await exchange.respond(response)

    def _record_ended(self) -> None:
        exchanges, self._ended_exchanges = self._ended_exchanges, []
        for on_batch_end in self._batch_hooks:
            on_batch_end(exchanges)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        for part in self._parts:
            await part.startup()
        message_types: list[str] = []

        async def receive_and_note() -> Message:
            message = await receive()
            message_types.append(message["type"])
            return message

        async def send_and_note(message: Message) -> None:
            message_types.append(message["type"])
            await send(message)

        try:
            try:
                await self._app(scope, receive_and_note, send_and_note)
            except Exception:  # as servers do: an application that fails before it replies does not support lifespan
                if any(kind.startswith("lifespan.startup.") for kind in message_types):
                    raise
            await _finish_lifespan(message_types, receive, send)
        finally:
            self._record_ended()
            for part in reversed(self._parts):
                await part.shutdown()


async def _finish_lifespan(message_types: list[str], receive: Receive, send: Send) -> None:
    """Send the lifespan messages that the application did not, so that the parts are always started and shut down."""
    if "lifespan.startup" not in message_types:
        await receive()
    if not any(kind.startswith("lifespan.startup.") for kind in message_types):
        await send({"type": "lifespan.startup.complete"})
    if "lifespan.shutdown" not in message_types:
        await receive()
    if "lifespan.shutdown.complete" not in message_types:
        await send({"type": "lifespan.shutdown.complete"})
