"""A chain: any number of parts around an application, in one wrapper."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from .answer import Answer
from .asgi import ASGIApp, Header, Message, Receive, Scope, Send
from .errors import Misconfigured
from .exchange import Exchange, current

Outcome = Answer | Awaitable[Answer | None] | None
Hook = TypeVar("Hook", bound=Callable[..., object])


class Part:
    """One concern of a service. Given an application it is ASGI middleware; several are run by one `Chain`.

    A part overrides the hooks it needs; those it leaves alone cost nothing.
    """

    def __init__(self, app: ASGIApp | None = None) -> None:
        self._alone = None if app is None else Chain(app, self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._alone is None:
            name = type(self).__name__
            raise Misconfigured(f"{name} has no application", remedy=f"write {name}(app, …) or Chain(app, …)")
        await self._alone(scope, receive, send)

    def enter(self, exchange: Exchange) -> Outcome:
        """Before the application: None lets the request through, an answer takes its place."""

    def answering(self, exchange: Exchange, headers: list[Header]) -> None:
        """When a response begins: add to its headers."""

    def failing(self, exchange: Exchange, error: Exception) -> Answer | None:
        """When the application failed: the answer, if none was begun."""

    def leave(self, exchange: Exchange) -> None:
        """When all is over, however it ended."""

    async def startup(self) -> None:
        """Before the application starts."""

    async def shutdown(self) -> None:
        """After the application has ended."""


class Chain:
    """The parts around an application, outermost first. What one of them refuses, the later ones never see."""

    def __init__(self, app: ASGIApp, *parts: Part) -> None:
        self._app = app
        self._parts = parts
        self._enter = [part.enter for part in parts if type(part).enter is not Part.enter]
        self._answering = tuple(part.answering for part in parts if type(part).answering is not Part.answering)
        self._failing = [part.failing for part in parts if type(part).failing is not Part.failing]
        self._leave = [part.leave for part in reversed(parts) if type(part).leave is not Part.leave]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._lifespan(scope, receive, send)
        if scope["type"] not in {"http", "websocket"}:
            return await self._app(scope, receive, send)
        exchange = Exchange(scope, receive, send, self._answering)
        token = current.set(exchange)
        try:
            for enter in self._enter:
                outcome = enter(exchange)
                if outcome is not None and not isinstance(outcome, Answer):
                    outcome = await outcome
                if outcome is not None:
                    return await exchange.reply(outcome)
            await self._app(scope, exchange.receive, exchange.send)
        except asyncio.CancelledError:
            if not exchange.absorbs_cancellation():
                raise
        except Exception as error:  # noqa: BLE001 a door: what failed becomes an answer, or goes on to the server
            await self._fail(exchange, error)
        finally:
            for leave in self._leave:
                leave(exchange)
            current.reset(token)
            exchange.let_go()

    async def _fail(self, exchange: Exchange, error: Exception) -> None:
        if exchange.closed or exchange.client_left:
            return  # nobody is there to be answered, and that is no error of the service
        answer = None
        for failing in self._failing:
            answer = answer or failing(exchange, error)
        if answer is None or (exchange.started and not exchange.finished):
            raise error  # the server cuts the connection, so that the client sees a broken answer as broken
        if not exchange.finished:
            await exchange.reply(answer)

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
            except Exception:  # as servers do: an application that fails before it answers knows no lifespan
                if any(kind.startswith("lifespan.startup.") for kind in said):
                    raise
            await _finish_lifespan(said, receive, send)
        finally:
            for part in reversed(self._parts):
                await part.shutdown()


async def _finish_lifespan(said: list[str], receive: Receive, send: Send) -> None:
    """Say what the application left unsaid, so that the parts are started and shut down in any case."""
    if "lifespan.startup" not in said:
        await receive()
    if not any(kind.startswith("lifespan.startup.") for kind in said):
        await send({"type": "lifespan.startup.complete"})
    if "lifespan.shutdown" not in said:
        await receive()
    if "lifespan.shutdown.complete" not in said:
        await send({"type": "lifespan.shutdown.complete"})
