"""Signals while a run goes: asked once it stops at the next safe point, asked twice it stops now."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from mainstay.engine import Interruption

ASKED = (signal.SIGINT, signal.SIGTERM)
SAID_ONCE = b"\nstopping at the next safe point; once more stops at once, and both can be resumed\n"


@contextmanager
def heard_by(interruption: Interruption) -> Iterator[None]:
    """SIGINT and SIGTERM reach *interruption*; a lost terminal ends nothing."""

    def ask(number: int, frame: FrameType | None) -> None:
        if interruption.signal is None:
            _say(SAID_ONCE)
        interruption.ask(number)

    before = {number: signal.signal(number, ask) for number in ASKED}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def while_asking() -> Iterator[None]:
    """At a question nothing runs yet: a signal ends the command at once."""
    before = {signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler)}
    before[signal.SIGTERM] = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(text: bytes) -> None:
    # Not through stderr's buffer: the signal may have come while that was written.
    with suppress(OSError):
        os.write(2, text)
