"""Decodes a plan from its document in the journal, with a registry of the kinds of steps."""

from types import UnionType

import msgspec
from msgspec.structs import replace

from mainstay.planning.plan import Phase, Plan
from mainstay.steps.step import Step

Registry = UnionType | type[Step]
"""Kinds of steps, distinguished by their tag."""


class _Phase(msgspec.Struct):
    name: str
    ranks: tuple[tuple[msgspec.Raw, ...], ...]
    stage: int | None = None


def read(document: bytes, registry: Registry) -> Plan:
    """Return the plan in *document*, decoding its steps as the kinds in *registry*."""
    parts = msgspec.json.decode(document, type=dict[str, msgspec.Raw])
    plan = msgspec.json.decode(msgspec.json.encode(parts | {"phases": msgspec.Raw(b"[]")}), type=Plan)
    decode = msgspec.json.Decoder(registry).decode
    phases = []
    for raw in msgspec.json.decode(parts["phases"], type=tuple[_Phase, ...]):
        ranks = tuple(tuple(map(decode, rank)) for rank in raw.ranks)
        phases.append(Phase(raw.name, ranks, raw.stage))
    return replace(plan, phases=tuple(phases))
