"""The crash sweep: a run is cut at numbered points, carried on each time, and must end whole.

A `Scene` makes a world; `carried` runs it to the end through any number of cuts, and says how it ended.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from signal import SIGINT

from mainstay.drivers.world import World
from mainstay.engine.engine import begin, resume
from mainstay.engine.interruption import Interruption
from mainstay.engine.runner import Runner
from mainstay.errors import Interrupted, Parked
from mainstay.history.fold import history_from
from mainstay.history.journal import Journal
from mainstay.planning.plan import Plan
from tests.fakes.journal import MemoryJournal
from tests.fakes.power import Power, PowerCut, PoweredJournal
from tests.fakes.target import FakeTarget

MOST_PARKED = 12


@dataclass(frozen=True)
class Stage:
    """A world before a plan, and what makes a process that carries it."""

    world: World
    target: FakeTarget
    plan: Plan
    runner: Callable[[], Runner]
    also: Callable[[], object] = lambda: None
    """What else is outside and is to be the same in the end, however often it was cut."""
    mend: Callable[[], None] = lambda: None
    """What a person does when the run is parked."""


@dataclass(frozen=True)
class Story:
    """How it ended: None where nothing was ever planned."""

    outcome: str
    stage: Stage
    journal: MemoryJournal
    points: int
    """How many points the longest life had."""


def carried(
    stage: Stage,
    journal: MemoryJournal,
    cuts: Sequence[int] = (),
    interrupted: Sequence[int] = (),
    *,
    away_s: float = 0,
) -> Story:
    """Carry *stage* to its end; its n-th process dies at the n-th of *cuts*, counted from its own start.

    Where *interrupted* is given, the first process is asked to stop at each of those points instead.
    """
    lives: list[int | None] = [None, *cuts] if interrupted else [*cuts]
    points = 0
    for life, cut in enumerate([*lives, *[None] * MOST_PARKED]):
        runner = stage.runner()
        power = Power(cut)
        if interrupted and life == 0:
            power = Interrupting(runner.interruption, interrupted)
        stage.target.point = power.point
        try:
            outcome = live(stage, PoweredJournal(journal, power), runner)
            return Story(outcome, stage, journal, max(points, power.count))
        except (PowerCut, Interrupted):
            points = max(points, power.count)
            stage.world.clock.pause(away_s)
        except Parked:
            points = max(points, power.count)
            stage.mend()
    raise AssertionError("a process that nobody cut did not end")


class Interrupting(Power):
    """Asks the process to stop, at each of some points."""

    def __init__(self, interruption: Interruption, at: Sequence[int]) -> None:
        super().__init__()
        self._interruption = interruption
        self._at = at

    def point(self, where: str) -> None:
        super().point(where)
        if self.count in self._at:
            self._interruption.ask(SIGINT)


def live(stage: Stage, journal: Journal, runner: Runner) -> str:
    """What one process does: carry the unfinished run on, or begin."""
    past = history_from(journal.rows())
    if past.unfinished is not None:
        return resume(past.unfinished, stage.world, journal, runner)
    if past.runs:
        return past.runs[0].outcome
    return begin(stage.plan, stage.world, journal, runner)


def settled(target: FakeTarget) -> object:
    """All that is outside, as a value to compare."""
    running, serving = target.fleet_status(), target.traffic_status()
    return (
        {service: members for service, members in running.wanted.items() if members},
        sorted(one.id for one in running.instances),
        running.started,
        {service: shares for service, shares in serving.wanted.items() if shares},
        serving.reverts_to,
        serving.edge,
        dict(getattr(target, "things", {})),
    )


class Sweep:
    """One scene, cut in every way: each story must end as the one that was never cut."""

    def __init__(self, make: Callable[[], Stage]) -> None:
        self._make = make
        self.before = settled(make().target)
        whole = carried(make(), MemoryJournal())
        self.points = whole.points
        self.outcome = whole.outcome
        self._after = settled(whole.stage.target)
        self._also = whole.stage.also()
        self._effects = +whole.stage.target.effects

    def cut(self, *cuts: int) -> None:
        """Cut it at *cuts*; every effect happens as often as in one piece."""
        with repeated_by(f"cut{cuts}"):
            story = self._ended(carried(self._make(), MemoryJournal(), cuts))
            assert +story.stage.target.effects == self._effects

    def interrupt(self, *at: int, then: Sequence[int] = ()) -> None:
        """Ask it to stop at *at*, then carry it on, cut at *then*; traffic may go home and out again."""
        with repeated_by(f"interrupt(*{at}, then={then})"):
            self._ended(carried(self._make(), MemoryJournal(), then, at))

    def leave(self, *cuts: int) -> None:
        """Cut it at *cuts*, and let nobody come back for so long that traffic goes home by itself."""
        with repeated_by(f"leave{cuts}"):
            self._ended(carried(self._make(), MemoryJournal(), cuts, away_s=100))

    def mix(self, *cuts: int) -> None:
        """Cut it where steps act side by side: how far each came may differ, where all end may not."""
        self._ended(carried(self._make(), MemoryJournal(), cuts))

    def _ended(self, story: Story) -> Story:
        assert story.outcome == self.outcome
        assert settled(story.stage.target) == self._after
        assert story.stage.also() == self._also
        assert story.journal.verify().bad is None
        assert [row.name for row in story.journal.rows()].count("ended") == 1
        assert self.outcome != "undone" or self._after == self.before
        return story


@contextmanager
def repeated_by(call: str) -> Iterator[None]:
    """Let what fails say how to repeat it."""
    try:
        yield
    except BaseException as wrong:
        wrong.add_note(f"repeat it with {call}")
        raise
