"""`check`: run every check of the environment and report go or no-go. Nothing is changed or started."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from mainstay.checks import checks
from mainstay.checks.check import Answer, Area, Check, Verdict
from mainstay.drivers.world import World
from mainstay.errors import Unreachable
from mainstay.operations.context import Context
from mainstay.operations.status import status
from mainstay.operations.status_document import Status


class Finding(msgspec.Struct, frozen=True):
    """The result of one check, with its evidence and its remedy."""

    name: str
    area: Area
    verdict: Verdict
    evidence: str
    remedy: str
    requirements: tuple[str, ...]
    """Ids of the requirements that the check verifies, such as `F21`."""
    at: str
    fresh_until: str | None = None
    """When the evidence becomes out of date; null if the evidence describes only the moment `at`."""


class Findings(msgspec.Struct, frozen=True):
    """The document of `mainstay check`. `verdict` is no-go if any check fails or has no answer; warnings are a go."""

    verdict: Literal["go", "no-go"]
    at: str
    findings: tuple[Finding, ...]


def check(context: Context) -> Findings:
    """Run every check and return the findings. Raises BadInput when nothing was deployed here yet."""
    healthy = Check("environment_is_healthy", "operations", lambda _: judge(status(context)))
    return ask_all((healthy, *checks()), context.world(context.stored()))


def judge(now: Status) -> Answer:
    """Return the answer of the check `environment_is_healthy`; a failure names the most severe problem."""
    if now.problems:
        return Answer("fail", now.problems[0].what, now.problems[0].remedy)
    if now.release is None:
        return Answer("fail", "no release is live", "mainstay up")
    if now.health == "stopped":
        return Answer("not-applicable", "the environment is stopped")
    return Answer("pass", f"release {now.release.number} ({now.release.version}) runs as desired")


def ask_all(selected: Iterable[Check], world: World) -> Findings:
    """Run the *selected* checks and return their findings. A check that cannot read its facts is `unknown`."""
    findings = tuple(_finding(each, world) for each in selected)
    no_go = any(each.verdict in ("fail", "unknown") for each in findings)
    return Findings("no-go" if no_go else "go", world.clock.now().isoformat(), findings)


def _finding(check: Check, world: World) -> Finding:
    try:
        answer = check.answer(world)
    except Unreachable as error:
        answer = Answer("unknown", error.what, error.remedy)
    return Finding(check.name, check.area, *answer, check.requirements, world.clock.now().isoformat())
