"""Trying again what did not answer, a few times and ever later."""

from collections.abc import Callable
from typing import TypeVar

from mainstay.drivers.world import World
from mainstay.errors import Unreachable

T = TypeVar("T")

PAUSES_S = (0.5, 1.0, 2.0, 4.0)


def persistently(world: World, ask: Callable[[], T], worth: Callable[[], bool] = lambda: True) -> T:
    """What *ask* answers. While it is unreachable it is asked again, if that is *worth* it; then that is raised."""
    for pause in PAUSES_S:
        try:
            return ask()
        except Unreachable:
            if not worth():
                raise
        world.patience.hold(pause, lambda: None)
    return ask()
