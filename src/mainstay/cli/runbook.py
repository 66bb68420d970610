"""A plan as the runbook that people read before they say yes."""

from collections.abc import Iterator

import msgspec

from mainstay.cli.console import spoken
from mainstay.plan import Phase, Plan
from mainstay.steps.step import Step

LONGEST_VALUE = 80


def text(plan: Plan) -> Iterator[str]:
    """The runbook, line by line."""
    yield _headline(plan)
    yield f"serves now: {f'release {plan.before}' if plan.before else 'nothing'} · rollback: {plan.rollback}"
    numbered = iter(plan.steps())
    for position, phase in enumerate(plan.phases, 1):
        yield ""
        yield f"{position}  {phase.name}"
        yield from _phase(phase, numbered)
    if not plan.phases:
        yield "nothing to do: what serves is what the manifest says"
    if plan.changes and plan.before is not None:
        yield ""
        yield "changes"
        for change in plan.changes:
            yield f"   {change.path}: {_value(change.before)} → {_value(change.after)}"
    if plan.notes:
        yield ""
        yield from (f"note: {note}" for note in plan.notes)
    if expected := sum(step.expected_s or 0 for _, step in plan.steps()):
        yield ""
        yield f"takes about {spoken(expected)}, as earlier runs did"


def _headline(plan: Plan) -> str:
    place = f"{plan.environment.system}/{plan.environment.name}"
    match plan.kind:
        case "down":
            return f"plan {plan.id}: stop {place}"
        case "rollback":
            return f"plan {plan.id}: bring {place} back to release {plan.release.number} ({plan.version})"
    return f"plan {plan.id}: ship {plan.version} to {place} as release {plan.release.number}"


def _phase(phase: Phase, numbered: Iterator[tuple[str, Step]]) -> Iterator[str]:
    for rank in phase.ranks:
        for position in range(len(rank)):
            number, step = next(numbered)
            beside = "∥" if position else " "
            time = f"  ~{spoken(step.expected_s or 0)}" if (step.expected_s or 0) >= 0.05 else ""
            final = "" if step.reversible else "  (from here on nothing is undone)"
            yield f" {beside} {number:<5} {step.title}{time}{final}"


def _value(value: object) -> str:
    if value is None:
        return "nothing"
    told = msgspec.json.encode(value).decode()
    return told if len(told) <= LONGEST_VALUE else f"{told[:LONGEST_VALUE]}…"
