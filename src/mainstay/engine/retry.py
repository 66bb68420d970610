"""Retries with exponential backoff for calls that raise Unreachable."""

from collections.abc import Callable
from typing import TypeVar

from mainstay.drivers.world import World
from mainstay.errors import Unreachable

T = TypeVar("T")

PAUSES_S = (0.5, 1.0, 2.0, 4.0)


def retry(world: World, call: Callable[[], T], while_: Callable[[], bool] = lambda: True) -> T:
    """Return the result of *call*, retrying after the pauses in PAUSES_S while it raises Unreachable.

    Raises Unreachable when the last attempt fails, or at once when *while_* returns False.
    """
    for pause in PAUSES_S:
        try:
            return call()
        except Unreachable:
            if not while_():
                raise
        world.waiter.pause_checking(pause, lambda: None)
    return call()
