"""A plan as the JSON document that `mainstay --output json plan` prints for other programs."""

from typing import Any

import msgspec

from mainstay.planning.plan import Plan
from mainstay.steps.step import Step


def document(plan: Plan) -> dict[str, Any]:
    """Return the plan's JSON document; durations are seconds."""
    steps = plan.steps()
    return {
        "id": plan.id,
        "kind": plan.kind,
        "from": plan.before,
        "to": plan.before if plan.unchanged else plan.release.number,
        "version": plan.version,
        "rollback": plan.rollback,
        "phases": [
            {"name": phase.name, "ranks": [[_step(*next(steps)) for _ in rank] for rank in phase.ranks]}
            for phase in plan.phases
        ],
        "changes": [msgspec.to_builtins(each) for each in plan.changes],
        "notes": list(plan.notes),
        "expected_s": expected(plan),
    }


def expected(plan: Plan) -> float | None:
    """Return the expected duration of the plan in seconds; None if that of any step is unknown.

    A rank takes as long as its slowest step, because its steps run in parallel.
    """
    ranks = [[step.expected_s for step in rank] for phase in plan.phases for rank in phase.ranks]
    known = [[seconds for seconds in rank if seconds is not None] for rank in ranks]
    if any(len(some) < len(rank) for some, rank in zip(known, ranks, strict=True)):
        return None
    return round(sum(max(rank, default=0.0) for rank in known), 1)


def _step(number: str, step: Step) -> dict[str, Any]:
    keys = ("kind", "title", "place", "reversible", "expected_s")
    return {"number": number, **{key: getattr(step, key) for key in keys}}
