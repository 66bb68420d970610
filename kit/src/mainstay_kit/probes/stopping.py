"""Graceful stop: become unready, drain, exit."""

import asyncio
import contextlib
import logging
import signal
import threading
from collections.abc import Callable
from types import FrameType

from mainstay_kit.chain.asgi import ASGIApp
from mainstay_kit.chain.chain import Part
from mainstay_kit.chain.exchange import Exchange
from mainstay_kit.problems import problem_answer

RETRY = (b"retry-after", b"1")
CLOSE = (b"connection", b"close")
log = logging.getLogger(__name__)

Handler = Callable[[int, FrameType | None], object]


class GracefulStop(Part):
    """On SIGTERM: becomes unready, lets running requests finish, closes streams gracefully, then exits.

    Event streams end as a complete response, so that browsers reconnect elsewhere; WebSockets are closed with 1001.
    Requests still running after `drain` seconds are cancelled. The server's own handler runs last; a second signal
    runs it at once. For `notice` seconds requests are still accepted: for load balancers that only probe readiness.
    """

    def __init__(
        self,
        app: ASGIApp | None = None,
        *,
        drain: float = 30.0,
        notice: float = 0.0,
        farewell: float = 2.0,
        signals: tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGINT),
    ) -> None:
        self.stopping = False
        self._drain = drain
        self._notice = notice
        self._farewell = farewell
        self._signals = signals
        self._at_work: set[Exchange] = set()
        self._idle = asyncio.Event()
        self._before: dict[int, Handler] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._run: asyncio.Task[None] | None = None
        super().__init__(app)

    def enter(self, exchange: Exchange) -> None:
        # Without the loop argument, Python before 3.12 calls getpid() for every request.
        exchange.task = asyncio.current_task(self._loop) or asyncio.current_task()
        self._at_work.add(exchange)
        if self.stopping:
            exchange.adding.append(CLOSE)

    def leave(self, exchange: Exchange) -> None:
        self._at_work.discard(exchange)
        if self.stopping and not self._at_work:
            self._idle.set()

    async def startup(self) -> None:
        """Install handlers in front of the server's signal handlers, if it has any."""
        loop = self._loop = asyncio.get_running_loop()
        if threading.current_thread() is not threading.main_thread():
            return
        for number in self._signals:
            before = signal.getsignal(number)
            if callable(before):
                self._before[number] = before
                signal.signal(number, lambda sig, frame: self._signalled(loop, sig, frame))

    async def shutdown(self) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before.clear()

    async def stop(self) -> None:
        """Drain; return when no request is running any more, or one second after the last are cancelled."""
        self.stopping = True
        for exchange in self._at_work:
            if CLOSE not in exchange.adding:
                exchange.adding.append(CLOSE)
        await asyncio.sleep(self._notice)
        streams = [exchange for exchange in self._at_work if exchange.websocket or exchange.event_stream]
        for exchange in streams:
            with contextlib.suppress(OSError):  # the client had left before the stream could be closed
                await exchange.say_goodbye()
        farewell = min(self._farewell, self._drain)
        await self._quiet(farewell)
        await self._cancel(streams)
        if not await self._quiet(self._drain - farewell):
            log.warning("%d requests were still at work after %g s and are cancelled", len(self._at_work), self._drain)
            await self._cancel(list(self._at_work))
            await self._quiet(1.0)

    async def _quiet(self, within: float) -> bool:
        """Wait until no request is running. Return False if that takes longer than *within* seconds."""
        if not self._at_work:
            return True
        self._idle.clear()
        try:
            await asyncio.wait_for(self._idle.wait(), within)
        except TimeoutError:
            return False
        return True

    async def _cancel(self, exchanges: list[Exchange]) -> None:
        """Cancel the exchanges; those without a response yet get 503 with `Retry-After`."""
        for exchange in exchanges:
            if exchange in self._at_work and exchange.task is not None:
                with contextlib.suppress(OSError):
                    if not exchange.closed:
                        await exchange.settle(problem_answer(503, "the service is stopping", RETRY))
                exchange.task.cancel()

    def _signalled(self, loop: asyncio.AbstractEventLoop, number: int, frame: FrameType | None) -> None:
        if self.stopping:
            self._before[number](number, frame)
            return
        self.stopping = True
        loop.call_soon_threadsafe(self._begin, number, frame)

    def _begin(self, number: int, frame: FrameType | None) -> None:
        self._run = asyncio.ensure_future(self.stop())
        self._run.add_done_callback(lambda _done: self._before[number](number, frame))
