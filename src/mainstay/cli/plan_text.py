"""Format a plan as text: the runbook that a person reads before approving the plan."""

from collections.abc import Iterator
from itertools import takewhile

import msgspec

from mainstay.cli.console import duration
from mainstay.model.run_kind import run_kind
from mainstay.planning.document import expected
from mainstay.planning.plan import Change, Phase, Plan
from mainstay.steps.step import Step

LONGEST_VALUE = 80
CONTEXT = 20
"""The number of characters shown before the first difference of two long values."""
SHORTEST_TIME_S = 0.05

ROLLBACK = {
    "safe": "safe (the old release can go live again; the data stays as it is then)",
    "unknown": "unknown (the schema changes, and the old code was not tested on the new schema)",
}


def text(plan: Plan) -> Iterator[str]:
    """Yield the lines of the whole runbook; for a plan that changes nothing, a sentence that states this, and notes."""
    if plan.unchanged:
        yield plan.notes[0]
        yield from (f"note: {note}" for note in plan.notes[1:])
        return
    yield from _head(plan)
    numbered = iter(plan.steps())
    final = next((number for number, step in plan.steps() if not step.reversible), "")
    for position, phase in enumerate(plan.phases, 1):
        yield ""
        yield f"{position}  {phase.name}"
        yield from _phase(phase, numbered, final)
    yield from _foot(plan)
    took = expected(plan)
    if took is not None and took >= SHORTEST_TIME_S:
        yield ""
        yield f"takes about {duration(took)}, as in earlier runs"


def summary(plan: Plan) -> Iterator[str]:
    """Yield the lines of the runbook without the steps, for a plan that is executed immediately."""
    yield from _head(plan)
    yield from _foot(plan)


def _head(plan: Plan) -> Iterator[str]:
    new = run_kind(plan.kind).live == "new"
    yield f"plan {plan.id}: {plan.title}" + (f" as release {plan.release.number}" if new else "")
    if not run_kind(plan.kind).needs_running:
        return
    if plan.before is None:
        yield "live now: nothing (first release)"
        return
    yield f"live now: release {plan.before}" + (f" ({plan.before_version})" if plan.before_version else "")
    if new and plan.phases:
        yield f"rollback: {_rollback(plan)}"


def _rollback(plan: Plan) -> str:
    if plan.rollback == "unknown" and not any(step.kind == "migrate" for _, step in plan.steps()):
        return "unknown (the schema is newer than the live release; the old code was not tested on it)"
    return ROLLBACK[plan.rollback]


def _foot(plan: Plan) -> Iterator[str]:
    if plan.changes and plan.before is not None:
        yield ""
        yield "changes"
        yield from (f"   {_change(change)}" for change in plan.changes)
    if plan.notes:
        yield ""
        yield from (f"note: {note}" for note in plan.notes)


def _phase(phase: Phase, numbered: Iterator[tuple[str, Step]], final: str) -> Iterator[str]:
    for rank in phase.ranks:
        for position in range(len(rank)):
            number, step = next(numbered)
            beside = "∥" if position else " "
            time = f"  ~{duration(step.expected_s or 0)}" if (step.expected_s or 0) >= SHORTEST_TIME_S else ""
            no_return = "  (from this step on the run cannot be undone)" if number == final else ""
            yield f" {beside} {number:<5} {step.title}{time}{no_return}"


def _change(change: Change) -> str:
    if isinstance(change.before, dict) or isinstance(change.after, dict):
        return f"{change.path}: {'removed' if change.after is None else 'new'}"
    before, after = _value(change.before), _value(change.after)
    start = 0
    if max(len(before), len(after)) > LONGEST_VALUE:
        same = takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False))
        start = max(0, sum(1 for _ in same) - CONTEXT)
    return f"{change.path}: {_cut(before, start)} → {_cut(after, start)}"


def _cut(value: str, start: int) -> str:
    end = start + LONGEST_VALUE
    return f"{'…' if start and value else ''}{value[start:end]}{'…' if len(value) > end else ''}"


def _value(value: object) -> str:
    """Return a value as text. A text that could be misread is quoted."""
    if value is None:
        return "not set"
    plain = isinstance(value, str) and value.isprintable() and value == value.strip() != ""
    return str(value) if plain and value != "not set" else msgspec.json.encode(value).decode()
