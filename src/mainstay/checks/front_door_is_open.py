"""The check that the edge receives requests as desired."""

from mainstay.checks.check import Answer, Check
from mainstay.drivers.world import World
from mainstay.model import TrafficStatus


def _ask(world: World) -> Answer:
    if not world.target.fleet_status().started:
        return Answer("not-applicable", "the environment is stopped")
    return judge(world.target.traffic_status())


def judge(serving: TrafficStatus) -> Answer:
    """Return the answer for the edge of a running environment."""
    if serving.edge is None:
        return Answer("not-applicable", "no service has a route")
    if serving.problem:
        return Answer("fail", serving.problem.what, serving.problem.remedy)
    if not serving.open:
        return Answer("fail", "the edge is being started or changed", "mainstay logs edge")
    return Answer("pass", f"{serving.url} is open")


CHECK = Check("front_door_is_open", "operations", "Do requests reach the edge?", _ask)
