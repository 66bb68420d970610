"""A call that blocks does not stop the heartbeats of its run."""

import threading

import pytest

from mainstay.errors import Interrupted, Unreachable
from mainstay.steps.support.heartbeats import with_heartbeats
from mainstay.system.clock import SystemClock, Waiter


def test_heartbeats_go_on_while_a_call_blocks() -> None:
    sent: list[int] = []
    third = threading.Event()

    def beat() -> None:
        sent.append(1)
        if len(sent) == 3:
            third.set()

    assert with_heartbeats(Waiter(SystemClock(), beat), lambda: third.wait(10), every_s=0.01)


def test_an_interrupt_does_not_lose_the_result() -> None:
    interrupted = threading.Event()

    def beat() -> None:
        interrupted.set()
        raise Interrupted("interrupted")

    assert with_heartbeats(Waiter(SystemClock(), beat), lambda: interrupted.wait(10), every_s=0.01)


def test_the_exception_of_the_call_is_raised() -> None:
    def call() -> None:
        raise Unreachable("no response")

    with pytest.raises(Unreachable, match="no response"):
        with_heartbeats(Waiter(SystemClock()), call)
