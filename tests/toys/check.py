"""A toy check: it asks whether the toy of the toy step is there."""

from mainstay.checks.check import Answer, Check
from mainstay.drivers.world import World


def _ask(world: World) -> Answer:
    there = (world.folders.state / "toy").exists()
    return Answer("pass", "the toy is there") if there else Answer("fail", "there is no toy", "mainstay toy")


CHECK = Check("toy", "operations", _ask)
