"""The check that the disk with the environment's state has room for the next run."""

from mainstay.checks.check import Answer, Check
from mainstay.drivers.world import World
from mainstay.system.disk_space import shortage


def _ask(world: World) -> Answer:
    state = world.folders.state
    if full := shortage(state):
        return Answer("fail", full, f"make room (df -h {state})")
    return Answer("pass", f"the disk that holds {state} has room for the next run")


CHECK = Check("disk_has_room", "operations", _ask)
