"""The check that the front door is open: the edge runs as desired and receives requests."""

from mainstay.checks.check import Answer, Check
from mainstay.drivers.world import World
from mainstay.model import TrafficStatus


def _ask(world: World) -> Answer:
    fleet = world.target.fleet_status()
    if not fleet.started:
        return Answer("not-applicable", "the environment is stopped")
    return judge(world.target.traffic_status(), supervised=fleet.supervised)


def judge(serving: TrafficStatus, *, supervised: bool = True) -> Answer:
    """Return the answer for the edge of a started environment; *supervised*: whether the supervisor runs."""
    if serving.edge is None:
        return Answer("not-applicable", "no service has a route")
    if serving.problem:
        return Answer("fail", serving.problem.what, serving.problem.remedy)
    if not supervised:
        without = "the supervisor is not running"
        if any(serving.actual.values()):
            return Answer("pass", f"{serving.public_url} is open; {without}")
        return Answer("fail", without, "mainstay start")
    if not serving.open:
        return Answer("fail", "the edge is being started or changed", "mainstay logs edge")
    return Answer("pass", f"{serving.public_url} is open")


CHECK = Check("front_door_is_open", "operations", _ask)
