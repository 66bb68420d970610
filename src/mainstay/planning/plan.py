"""A plan: phases of ranks of steps, pure data, made before anything is touched; the plan is the runbook."""

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from mainstay.model import Environment, Release
from mainstay.steps.step import Step

Kind = Literal["deploy", "rollback", "down"]
Rollback = Literal["safe", "needs-restore", "forward-only", "unknown"]


class Phase(msgspec.Struct, frozen=True):
    """A named part of the runbook. Steps of one rank act side by side; ranks one after the other."""

    name: str
    ranks: tuple[tuple[Step, ...], ...]
    stage: int | None = None
    """Counts from 1 where the phase carries out a stage of the strategy."""


class Basis(msgspec.Struct, frozen=True):
    """What the plan stands on: with another basis it is stale."""

    release: str
    """Digest of the resolved release."""
    serving: int | None
    fleet: dict[str, dict[int, int]]
    traffic: dict[str, dict[int, float]]
    schema: dict[str, str]
    last_run: str | None


class Change(msgspec.Struct, frozen=True):
    """One line of the diff against what serves."""

    path: str
    before: Any
    after: Any


class NewValues(msgspec.Struct, frozen=True):
    """What the run of a plan stores before it begins. It contains no secret."""

    generate: dict[str, int] = {}
    """Secrets that are generated, and how many characters they get."""
    given: tuple[str, ...] = ()
    """Secrets whose value the command is given."""
    settings: dict[str, str] = {}
    """Plain variables whose exported value is kept."""
    unused: tuple[str, ...] = ()
    """A sentence for each exported value that is not used."""


class Plan(msgspec.Struct, frozen=True):
    """A runbook as data."""

    id: str
    kind: Kind
    environment: Environment
    version: str
    release: Release
    """What serves when it is done; for `down` what served."""
    before: int | None
    """Number of the release that is live while the plan is made."""
    rollback: Rollback
    basis: Basis
    phases: tuple[Phase, ...]
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    """What the reader should know before saying yes."""
    made_at: str = ""
    values: NewValues = NewValues()
    before_version: str = ""
    """Version of that release."""
    data: bool = False
    """Only for `down`: data and releases go too, so nothing serves afterwards."""
    unchanged: bool = False
    """Nothing to do: the live release is what the manifest declares. `notes` then is the one sentence that says so."""
    declared: str = ""
    """Fingerprint of what the manifest declares at its own version; empty where that is not known, and for a `down`."""

    def steps(self) -> Iterator[tuple[str, Step]]:
        """Every step with its number, in the order of the runbook."""
        for phase_number, phase in enumerate(self.phases, 1):
            number = 0
            for rank in phase.ranks:
                for step in rank:
                    number += 1
                    yield f"{phase_number}.{number}", step
