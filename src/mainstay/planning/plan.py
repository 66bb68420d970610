"""A plan: phases, ranks and steps as pure data, made before anything is changed, then shown and executed."""

from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec

from mainstay.errors import InvariantBroken
from mainstay.model import Environment, Members, Release
from mainstay.model.fleet import end_of, unbalanced, without_capacity
from mainstay.model.run_kind import Kind, run_kind
from mainstay.steps.retire import Retire
from mainstay.steps.set_traffic import SetTraffic
from mainstay.steps.start_fleet import StartFleet
from mainstay.steps.step import Step

Rollback = Literal["safe", "unknown"]
Ranks = tuple[tuple[Step, ...], ...]
"""The steps of one rank run in parallel; ranks run one after the other."""


class Phase(msgspec.Struct, frozen=True):
    """A named part of a plan, with steps that are executed in order of their ranks."""

    name: str
    """The name, such as `fetch`, `release`, `stage 1 of 3` or `retire`."""
    ranks: Ranks
    stage: int | None = None
    """Number of the stage that the phase executes, from 1; None: the rollout has only one, or this is another phase."""


class StalenessKey(msgspec.Struct, frozen=True):
    """Everything that a plan depends on. The plan is stale once a new key differs from its own."""

    release: str
    """Digest of the resolved release."""
    serving: int | None
    """Number of the live release; None: there is none."""
    fleet: dict[str, dict[int, int]]
    """Per service, the desired number of instances of each revision."""
    traffic: dict[str, dict[int, float]]
    """Per service, the desired percentage of requests for each revision."""
    schema: dict[str, str]
    """Per datastore, its schema revision."""
    last_run: str | None
    """The id of the newest run; None before the first."""
    smoke: str = ""
    """Digest of the smoke flows; empty: there are none."""


class Change(msgspec.Struct, frozen=True):
    """One line of the diff against the live release."""

    path: str
    """The path of the value that differs, such as `services.web.replicas`."""
    before: Any
    after: Any


class NewValues(msgspec.Struct, frozen=True):
    """What the run of a plan stores before it starts. It contains no secret values."""

    generate: dict[str, int] = {}
    """Secrets to generate, each with its number of characters."""
    given: tuple[str, ...] = ()
    """Secrets without a stored value whose value was given to the command."""
    settings: dict[str, str] = {}
    """Exported values of plain variables, which the run stores, by name."""
    unused: tuple[str, ...] = ()
    """A sentence for each exported or stored value that is not used."""


class Plan(msgspec.Struct, frozen=True):
    """The steps that take an environment from one release to another, or stop it."""

    id: str
    kind: Kind
    environment: Environment
    version: str
    release: Release
    """The release that the run ships or restores; for `down` the live one, or an empty one if none is live."""
    before: int | None
    """Number of the release that is live when the plan is made; None: there is none."""
    rollback: Rollback
    """`safe`, or `unknown` when a schema differs from that of the live release, or will after the run: an older release
    may not work with it."""
    staleness_key: StalenessKey
    phases: tuple[Phase, ...]
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    """What the reader should know before approving the plan."""
    values: NewValues = NewValues()
    before_version: str = ""
    """Version of the release `before`; empty: there is none."""
    data: bool = False
    """Whether a `down` removes data and releases too, so that no release is live afterwards; False for other kinds."""
    unchanged: bool = False
    """Whether the live release already is what the manifest declares. The only note in `notes` then reports this."""
    declared: str = ""
    """Fingerprint of what the manifest declared when the plan was made, at the version that it names; empty if unknown,
    and for `down`."""

    @property
    def serves_after(self) -> int | None:
        """The number of the release that is live after the run succeeds; None when none is."""
        if run_kind(self.kind).live != "same":
            return self.release.number
        return None if self.data else self.before

    @property
    def title(self) -> str:
        """What the run does, in users' words."""
        place = f"{self.environment.system}/{self.environment.name}"
        title = run_kind(self.kind).title(place, self.version, self.release.number)
        return f"{title} and delete its data" if self.data else title

    def check(self) -> None:
        """Raise InvariantBroken when an invariant of a plan does not hold."""
        if broken := tuple(self._broken()):
            raise InvariantBroken(f"plan {self.id}", broken)

    def _broken(self) -> Iterator[str]:
        if not all(phase.ranks and all(phase.ranks) for phase in self.phases):
            yield "a phase or a rank is empty"
        reversible = [step.reversible for _, step in self.steps()]
        if reversible != sorted(reversible, reverse=True):
            yield "a step that can be undone follows one that cannot"
        fleet = dict(self.staleness_key.fleet)
        for number, step in self.steps():
            broken: list[str] = []
            match step:
                case StartFleet(service=service, before=before, after=after):
                    if fleet.get(service, {}) != counts(before):
                        broken.append(f"the fleet of {service} is not the one that the step begins with")
                    fleet[service] = counts(after)
                case Retire(service=service, leaving=leaving, after=after):
                    if fleet.get(service, {}) != counts(leaving | after):
                        broken.append(f"the fleet of {service} is not the one that the step retires")
                    fleet[service] = counts(after)
                case SetTraffic():
                    for shift in (*step.after, *step.revert_to):
                        broken += unbalanced(shift.traffic)
                    broken += without_capacity(end_of(step.after), fleet)
            yield from (f"step {number}: {each}" for each in broken)

    def steps(self) -> Iterator[tuple[str, Step]]:
        """Yield every step with its number (`PHASE.STEP`, both from 1), in the order of the runbook."""
        for phase_number, phase in enumerate(self.phases, 1):
            number = 0
            for rank in phase.ranks:
                for step in rank:
                    number += 1
                    yield f"{phase_number}.{number}", step


def rank_of(steps: Iterable[Step | None]) -> Ranks:
    """Return *steps* as one rank, leaving out every None; no rank if no step is left."""
    rank = tuple(step for step in steps if step is not None)
    return (rank,) if rank else ()


def counts(members: Members) -> dict[int, int]:
    """Return the number of instances of each revision in *members*."""
    return {release: member.count for release, member in members.items()}
