"""`edge listens`: every address at which the environment accepts connections, and from where it can be reached."""

import msgspec

from mainstay.checks.only_front_doors_are_reachable import judge
from mainstay.model.endpoint import Endpoint
from mainstay.operations.context import Context


class EdgeListens(msgspec.Struct, frozen=True):
    """The document of `mainstay edge listens`."""

    endpoints: tuple[Endpoint, ...]
    """The most reachable first."""
    problem: str
    """What other machines may reach although nothing declares it; empty: nothing."""
    remedy: str


def edge_listens(context: Context) -> EdgeListens:
    """Return where the environment listens. Raises BadInput when nothing was deployed here yet."""
    found = context.target(context.stored()).endpoints()
    answer = judge(found)
    return EdgeListens(found, answer.evidence if answer.verdict == "fail" else "", answer.remedy)
