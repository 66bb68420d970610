"""A chain: any number of parts around an application, in one wrapper."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

from mainstay_kit.errors import Misconfigured

from .answer import Answer
from .asgi import ASGIApp, Header, Message, Receive, Scope, Send
from .exchange import KEY, Exchange, current
from .routes import DeclaredRoutes

Outcome = Answer | Awaitable[Answer | None] | None
EXCHANGES = frozenset({"http", "websocket"})
SILENT = frozenset({"2.0", "2.1", "2.2", "2.3"})  # servers of these versions do not raise when the client has left


class Part:
    """One concern of a service. Given an application it is ASGI middleware; several are run by one `Chain`.

    A part overrides the hooks it needs; the others cost nothing. A part whose `enter` concerns some paths only lists
    them in `paths`, and costs nothing at other paths.
    """

    paths: Collection[str] | None = None

    def __init__(self, app: ASGIApp | None = None) -> None:
        self._alone = None if app is None else Chain(app, self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._alone is None:
            name = type(self).__name__
            raise Misconfigured(f"{name} has no application", remedy=f"write {name}(app, …) or Chain(app, …)")
        await self._alone(scope, receive, send)

    def enter(self, exchange: Exchange) -> Outcome:
        """Run before the application: None lets the request through; an answer is sent instead."""

    def answering(self, exchange: Exchange, headers: list[Header]) -> None:
        """Add headers that depend on the response when it begins. `enter` puts the others in `exchange.adding`."""

    def erring(self, exchange: Exchange, headers: list[Header]) -> None:
        """Run after `answering` when a response with a status of 400 or above begins."""

    def failing(self, exchange: Exchange, error: Exception) -> Answer | None:
        """Return the response to an exception of the application; it is sent if none has begun."""

    def leave(self, exchange: Exchange) -> None:
        """Run when the exchange is over, however it ended; `status` and `ended` are set."""

    def record(self, ended: Sequence[Exchange]) -> None:
        """Process all exchanges that ended in one turn of the event loop, after their responses were sent."""

    async def startup(self) -> None:
        """Run before the application starts."""

    async def shutdown(self) -> None:
        """Run after the application has ended."""


def _overridden(hook: str, *parts: Part) -> tuple[Callable[..., Any], ...]:
    return tuple(getattr(part, hook) for part in parts if getattr(type(part), hook) is not getattr(Part, hook))


class Chain:
    """The parts around an application, outermost first. Later parts never see a request that an earlier one refuses."""

    def __init__(self, app: ASGIApp, *parts: Part) -> None:
        self._app = app
        self._routes = DeclaredRoutes(app)
        self._parts = parts
        self._enter = _overridden("enter", *(part for part in parts if part.paths is None))
        self._enter_at = {
            path: _overridden("enter", *(part for part in parts if part.paths is None or path in part.paths))
            for path in frozenset[str]().union(*(part.paths or () for part in parts))
        }
        answering = _overridden("answering", *parts)
        self._hooks = answering, answering + _overridden("erring", *parts)
        self._failing = _overridden("failing", *parts)
        self._leave = _overridden("leave", *reversed(parts))
        self._record = _overridden("record", *parts)
        self._ended: list[Exchange] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in EXCHANGES:
            serve = self._lifespan if scope["type"] == "lifespan" else self._app
            return await serve(scope, receive, send)
        exchange = Exchange(scope, receive, send, self._hooks)
        token = current.set(exchange)
        try:
            for enter in self._enter_at.get(exchange.path, self._enter):
                outcome = enter(exchange)
                if outcome is not None:
                    answer = outcome if isinstance(outcome, Answer) else await outcome
                    if answer is not None:
                        if answer.status >= 400 and not exchange.probe:
                            exchange.route = exchange.route or self._routes.template(exchange.path)
                        return await exchange.reply(answer)
            silent = scope["asgi"].get("spec_version") in SILENT
            await self._app(scope, exchange.receive, exchange.send if silent else exchange.watched_send)
            if exchange.status >= 500:
                await exchange.release()
        except asyncio.CancelledError:
            if not exchange.absorbs_cancellation():
                raise
        except Exception as error:  # noqa: BLE001 a boundary: the failure becomes a response, or goes on to the server
            await self._fail(exchange, error)
        finally:
            scope[KEY] = exchange.outer  # a reference cycle would be left for the garbage collector
            if not exchange.finished:
                exchange.conclude()
            for leave in self._leave:
                leave(exchange)
            current.reset(token)
            if self._record:
                if not self._ended:
                    asyncio.get_running_loop().call_soon(self._record_ended)
                self._ended.append(exchange)

    async def _fail(self, exchange: Exchange, error: Exception) -> None:
        if exchange.closed or exchange.client_left:
            return  # there is no client to respond to, and that is no error of the service
        exchange.drop_held()
        answer = None
        for failing in self._failing:
            answer = answer or failing(exchange, error)
        if answer is None or (exchange.started and not exchange.finished):
            raise error  # the server cuts the connection, so that the client sees a broken answer as broken
        if not exchange.finished:
            await exchange.reply(answer)

    def _record_ended(self) -> None:
        ended, self._ended = self._ended, []
        for record in self._record:
            record(ended)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        for part in self._parts:
            await part.startup()
        said: list[str] = []

        async def hear() -> Message:
            message = await receive()
            said.append(message["type"])
            return message

        async def say(message: Message) -> None:
            said.append(message["type"])
            await send(message)

        try:
            try:
                await self._app(scope, hear, say)
            except Exception:  # as servers do: an application that fails before it replies does not support lifespan
                if any(kind.startswith("lifespan.startup.") for kind in said):
                    raise
            await _finish_lifespan(said, receive, send)
        finally:
            self._record_ended()
            for part in reversed(self._parts):
                await part.shutdown()


async def _finish_lifespan(said: list[str], receive: Receive, send: Send) -> None:
    """Send the lifespan messages that the application did not, so that the parts are always started and shut down."""
    if "lifespan.startup" not in said:
        await receive()
    if not any(kind.startswith("lifespan.startup.") for kind in said):
        await send({"type": "lifespan.startup.complete"})
    if "lifespan.shutdown" not in said:
        await receive()
    if "lifespan.shutdown.complete" not in said:
        await send({"type": "lifespan.shutdown.complete"})
