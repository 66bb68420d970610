"""The type of checks. A check answers one question about an environment, without changing or starting anything."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from mainstay.drivers.world import World

Area = Literal["pre-deployment", "security", "performance", "operations", "data protection"]
Verdict = Literal["pass", "warn", "fail", "unknown", "not-applicable"]


class Answer(NamedTuple):
    """The verdict of a check, its evidence, and a remedy: what to type or do; empty if there is nothing to do."""

    verdict: Verdict
    evidence: str
    remedy: str = ""


class Check(NamedTuple):
    """One check. Its name is the statement that should be true."""

    name: str
    area: Area
    answer: Callable[[World], Answer]
    """Reads the facts from the world and returns the answer. Raises Unreachable when the facts cannot be read."""
    requirements: tuple[str, ...] = ()
    """Ids of the requirements that the check verifies, such as `F21`."""
