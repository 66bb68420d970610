"""`edge listens`: list every address at which the environment accepts connections, and from where it can be reached."""

import msgspec

from mainstay.checks import only_front_doors_are_reachable
from mainstay.model.endpoint import Endpoint
from mainstay.operations.context import Context


class EdgeListens(msgspec.Struct, frozen=True):
    """The document of `mainstay edge listens`."""

    endpoints: tuple[Endpoint, ...]
    """The addresses, first those that other machines can reach, then those that only this machine or the owner can."""
    problem: str
    """A sentence with the addresses that other machines may reach although nothing declares them; empty: none."""
    remedy: str
    """What to do about the problem; empty if there is none."""


def edge_listens(context: Context) -> EdgeListens:
    """Return the addresses on which the environment listens. Raises BadInput when nothing was deployed here yet."""
    found = context.target(context.stored()).endpoints()
    answer = only_front_doors_are_reachable.judge(found)
    return EdgeListens(found, answer.evidence if answer.verdict == "fail" else "", answer.remedy)
