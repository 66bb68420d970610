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
from mainstay_kit.problems import problem_response

RETRY = (b"retry-after", b"1")
CLOSE = (b"connection", b"close")
log = logging.getLogger(__name__)

Handler = Callable[[int, FrameType | None], object]


class GracefulStop(Part):
    """On SIGTERM: makes the service unready, lets running requests finish, ends streams, then lets the server exit.

    Event streams end as a complete response, so that browsers reconnect elsewhere; WebSockets are closed with 1001.
    Streams have `stream_timeout` seconds to end, other requests `drain_timeout`; then they are cancelled. The server's
    own signal handler runs last; a second signal runs it at once. Draining begins after `delay` seconds, for load
    balancers that notice only by their next probe that the service is unready.
    """

    def __init__(
        self,
        app: ASGIApp | None = None,
        *,
        drain_timeout: float = 30.0,
        delay: float = 0.0,
        stream_timeout: float = 2.0,
        signals: tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGINT),
    ) -> None:
        self.stopping = False
        self._drain_timeout = drain_timeout
        self._delay = delay
        self._stream_timeout = stream_timeout
        self._signals = signals
        self._running: set[Exchange] = set()
        self._idle = asyncio.Event()
        self._previous_handlers: dict[int, Handler] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_task: asyncio.Task[None] | None = None
        super().__init__(app)

    def on_request(self, exchange: Exchange) -> None:
        # Without the loop argument, Python before 3.12 calls getpid() for every request.
        exchange.task = asyncio.current_task(self._loop) or asyncio.current_task()
        self._running.add(exchange)
        if self.stopping:
            exchange.added_headers.append(CLOSE)

    def on_end(self, exchange: Exchange) -> None:
        self._running.discard(exchange)
        if self.stopping and not self._running:
            self._idle.set()

    async def startup(self) -> None:
        """Install handlers in front of the server's signal handlers, if it has any."""
        loop = self._loop = asyncio.get_running_loop()
        if threading.current_thread() is not threading.main_thread():
            return
        for number in self._signals:
            previous = signal.getsignal(number)
            if callable(previous):
                self._previous_handlers[number] = previous
                signal.signal(number, lambda sig, frame: self._on_signal(loop, sig, frame))

    async def shutdown(self) -> None:
        for number, previous in self._previous_handlers.items():
            signal.signal(number, previous)
        self._previous_handlers.clear()

    async def stop(self) -> None:
        """Drain. Return when no request is running any more, or one second after the last ones were cancelled."""
        self.stopping = True
        for exchange in self._running:
            if CLOSE not in exchange.added_headers:
                exchange.added_headers.append(CLOSE)
        await asyncio.sleep(self._delay)
        streams = [exchange for exchange in self._running if exchange.websocket or exchange.is_event_stream]
        for exchange in streams:
            with contextlib.suppress(OSError):  # the client had left before the stream could be closed
                await exchange.close_gracefully()
        stream_timeout = min(self._stream_timeout, self._drain_timeout)
        await self._wait_until_idle(stream_timeout)
        await self._cancel(streams)
        if not await self._wait_until_idle(self._drain_timeout - stream_timeout):
            log.warning("cancelled %d requests still running after %g s", len(self._running), self._drain_timeout)
            await self._cancel(list(self._running))
            await self._wait_until_idle(1.0)

    async def _wait_until_idle(self, timeout: float) -> bool:
        """Wait until no request is running. Return False if that takes longer than *timeout* seconds."""
        if not self._running:
            return True
        self._idle.clear()
        try:
            await asyncio.wait_for(self._idle.wait(), timeout)
        except TimeoutError:
            return False
        return True

    async def _cancel(self, exchanges: list[Exchange]) -> None:
        """Cancel the exchanges; those without a response yet get 503 with `Retry-After`."""
        for exchange in exchanges:
            if exchange in self._running and exchange.task is not None:
                with contextlib.suppress(OSError):
                    if not exchange.closed:
                        await exchange.close_with(problem_response(503, "the service is stopping", RETRY))
                exchange.task.cancel()

    def _on_signal(self, loop: asyncio.AbstractEventLoop, number: int, frame: FrameType | None) -> None:
        if self.stopping:
            self._previous_handlers[number](number, frame)
            return
        self.stopping = True
        loop.call_soon_threadsafe(self._begin_stop, number, frame)

    def _begin_stop(self, number: int, frame: FrameType | None) -> None:
        self._stop_task = asyncio.ensure_future(self.stop())
        self._stop_task.add_done_callback(lambda _done: self._previous_handlers[number](number, frame))
