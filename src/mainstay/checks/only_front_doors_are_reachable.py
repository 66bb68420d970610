"""The check that other machines can reach the front doors and nothing else of the environment."""

from collections.abc import Sequence

from mainstay.checks.check import Answer, Check
from mainstay.drivers.world import World
from mainstay.model.endpoint import Endpoint
from mainstay.text.plural import counted


def _ask(world: World) -> Answer:
    if not world.target.fleet_status().started:
        return Answer("not-applicable", "the environment is stopped")
    return judge(world.target.endpoints())


def judge(endpoints: Sequence[Endpoint]) -> Answer:
    """Return the answer for the endpoints of a running environment."""
    exposed = [each for each in endpoints if each.exposed]
    if exposed:
        evidence = ", ".join(f"{each.title} listens on {each.address} ({each.protocol})" for each in exposed)
        return Answer("fail", f"{evidence}, which other machines may reach", REMEDY)
    public = [each.address for each in endpoints if each.reach == "other machines"]
    rest = counted(len(endpoints) - len(public), "other endpoint")
    if public:
        return Answer("pass", f"other machines reach {', '.join(public)}, the front door, and none of {rest}")
    return Answer("pass", f"other machines reach none of {counted(len(endpoints), 'endpoint')}")


REMEDY = "let it listen on HOST, the loopback address; mainstay edge listens shows every address"
CHECK = Check("only_front_doors_are_reachable", "security", _ask, ("E47", "E49", "E52"))
