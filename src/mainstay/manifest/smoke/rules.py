"""Check one smoke flow: it must expect something, and use only values that Mainstay or an earlier step provides."""

from collections.abc import Iterator
from typing import Any

from mainstay.manifest.messages import Violation, did_you_mean
from mainstay.manifest.smoke.flow import GENERATED, FlowSection, FlowStepSection
from mainstay.manifest.yaml_tree import Location
from mainstay.model.placeholders import found_in


def rules(flow: FlowSection) -> Iterator[Violation]:
    """Yield every violation of a rule in *flow*."""
    if all(step.to_step().expect.is_empty for step in flow.steps):
        what = f"the flow '{flow.flow}' can never fail, because its steps expect nothing"
        yield Violation(("steps",), "no-expectation", what, "add expect: {status: 200} to a step", at_key=True)
    every = frozenset(name for step in (*flow.steps, *flow.finally_) for name in step.keep) | {*GENERATED}
    kept = frozenset(GENERATED)
    for part, steps in (("steps", flow.steps), ("finally", flow.finally_)):
        for position, step in enumerate(steps):
            yield from _unknown(step, (part, position), kept, every)
            kept |= frozenset(step.keep)


def _unknown(
    step: FlowStepSection, where: Location, kept: frozenset[str], every: frozenset[str]
) -> Iterator[Violation]:
    written = step.model_dump(by_alias=True, exclude_unset=True, exclude={"keep"})
    for location, text in _texts(written, where):
        for found in found_in(text):
            if found.written == f"{{{found.name}}}" and found.name in kept:
                continue
            if found.name in every and found.argument is None:
                what, remedy = f"{found.written} is used before a step keeps it", "keep it in an earlier step"
                yield Violation(location, "kept-later", what, remedy)
            else:
                what = f"{found.written} is neither generated nor kept by an earlier step"
                yield Violation(location, "unknown-placeholder", what, did_you_mean(found.name, kept))


def _texts(part: Any, where: Location) -> Iterator[tuple[Location, str]]:
    match part:
        case str():
            yield where, part
        case dict():
            for key, value in part.items():
                yield where, key
                yield from _texts(value, (*where, key))
        case tuple() | list():
            for position, value in enumerate(part):
                yield from _texts(value, (*where, position))
