"""Handle signals during a run: the first stops the run at the next safe point, the second immediately."""

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType

from mainstay.engine.interruption import Interruption

Handler = Callable[[int, FrameType | None], object] | signal.Handlers
STOPPING = b"\nstopping at the next safe point; press Ctrl-C again to stop now; either way you can resume\n"


@contextmanager
def signals_to(interruption: Interruption, stopping: bytes = STOPPING) -> Iterator[None]:
    """Pass SIGINT and SIGTERM to *interruption*; ignore SIGHUP, so that a lost terminal does not end the run.

    *stopping* is the message that the first signal prints to stderr.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        if interruption.signal is None:
            # Bypass stderr's buffer, because the signal may have interrupted a write to it.
            with suppress(OSError):
                os.write(2, stopping)
        interruption.request(number)

    with _handled({signal.SIGINT: interrupt, signal.SIGTERM: interrupt, signal.SIGHUP: signal.SIG_IGN}):
        yield


@contextmanager
def while_asking() -> Iterator[None]:
    """Let a signal end the command at once while the user is prompted, because no run has begun yet."""
    interrupts, ends = signal.default_int_handler, signal.SIG_DFL
    with _handled({signal.SIGINT: interrupts, signal.SIGTERM: ends, signal.SIGHUP: ends}):
        yield


@contextmanager
def _handled(handlers: Mapping[signal.Signals, Handler]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
