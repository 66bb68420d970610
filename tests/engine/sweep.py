"""The crash sweep: a run is cut at numbered points, carried on each time, and must end whole.

A `Scene` makes a world; `carried` runs it to the end through any number of cuts, and says how it ended.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mainstay.engine import begin, carry_on
from mainstay.engine.carrier import Carrier
from mainstay.events import Outcome
from mainstay.journal import Journal
from mainstay.plan import Plan
from mainstay.record import record
from mainstay.world import World
from tests.fakes.journal import MemoryJournal
from tests.fakes.power import Power, PowerCut, PoweredJournal
from tests.fakes.target import FakeTarget


@dataclass(frozen=True)
class Stage:
    """A world before a plan, and the process that will carry it."""

    world: World
    target: FakeTarget
    plan: Plan
    carrier: Callable[[], Carrier]
    also: Callable[[], object] = lambda: None
    """What else is outside and is to be the same in the end, however often it was cut."""


@dataclass(frozen=True)
class Story:
    """How it ended: None where nothing was ever planned."""

    outcome: Outcome | None
    stage: Stage
    journal: Journal
    points: int
    """How many points the last life had."""


def carried(stage: Stage, journal: Journal, cuts: Sequence[int]) -> Story:
    """Carry *stage* to its end; its n-th process dies at the n-th of *cuts*, counted from its own start."""
    for cut in [*cuts, None]:
        power = Power(cut)
        stage.target.point = power.point
        try:
            outcome = live(stage, PoweredJournal(journal, power))
        except PowerCut:
            continue
        return Story(outcome, stage, journal, power.count)
    raise AssertionError("a process that nobody cut did not end")


def live(stage: Stage, journal: Journal) -> Outcome | None:
    """What one process does: carry the unfinished run on, or begin."""
    unfinished = record(journal.rows()).unfinished
    if unfinished is not None:
        return carry_on(unfinished, stage.world, journal, stage.carrier())
    if journal.sequence():
        return record(journal.rows()).history[0].outcome  # type: ignore[return-value] # it is over
    return begin(stage.plan, stage.world, journal, stage.carrier())


def settled(target: FakeTarget) -> object:
    """All that is outside, as a value to compare."""
    running, serving = target.running(), target.serving()
    return (
        {service: members for service, members in running.wanted.items() if members},
        sorted(one.id for one in running.instances),
        running.awake,
        {service: shares for service, shares in serving.wanted.items() if shares},
        serving.returns_to,
        serving.edge,
        dict(getattr(target, "things", {})),
    )


class Sweep:
    """One scene, cut in every way: each story must end as the one that was never cut."""

    def __init__(self, make: Callable[[], Stage]) -> None:
        self._make = make
        self.before = settled(make().target)
        whole = carried(make(), MemoryJournal(), [])
        self.points = whole.points
        self.outcome = whole.outcome
        self._after = settled(whole.stage.target)
        self._also = whole.stage.also()
        self._effects = +whole.stage.target.effects

    def cut(self, *cuts: int, journal: Journal | None = None) -> None:
        """Cut it at *cuts*; the message of what fails repeats it."""
        stage = self._make()
        try:
            story = carried(stage, journal or MemoryJournal(), cuts)
            self._check(story)
        except Exception as wrong:
            wrong.add_note(f"repeat it with cut{cuts}")
            raise

    def _check(self, story: Story) -> None:
        assert story.outcome == self.outcome
        assert settled(story.stage.target) == self._after
        assert story.stage.also() == self._also
        assert +story.stage.target.effects == self._effects
        assert story.journal.verify().bad is None
        assert [row.name for row in story.journal.rows()].count("ended") == 1
        if self.outcome == "undone":
            assert self._after == self.before
