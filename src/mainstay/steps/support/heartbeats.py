"""Heartbeats while a call blocks, so that the target does not revert traffic because of a slow response."""

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from mainstay.errors import MainstayError
from mainstay.system.clock import HEARTBEAT_S, Waiter

T = TypeVar("T")


def with_heartbeats(waiter: Waiter, call: Callable[[], T], *, every_s: float = HEARTBEAT_S) -> T:
    """Run *call* in a thread, with a heartbeat every *every_s* seconds. Return its result, or raise its exception.

    An interrupt or an `abort` ends the heartbeats, but not *call*: the next wait raises the exception.
    """
    with ThreadPoolExecutor(1) as threads:
        result = threads.submit(call)
        with contextlib.suppress(MainstayError):
            while not wait((result,), every_s).done:
                waiter.pause_checking(0.0, lambda: None)
        return result.result()
