"""The crash sweep: a run is killed at numbered points, resumed each time, and must end like an uninterrupted run.

A scene makes a `Setup`; `run_to_end` executes it through any number of crashes and returns the result.
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
from mainstay.history.fold import HistoryFold
from mainstay.history.journal import Journal
from mainstay.planning.plan import Plan
from tests.fakes.journal import MemoryJournal
from tests.fakes.power import Power, PowerCut, PoweredJournal
from tests.fakes.target import FakeTarget

MOST_PARKED = 12


@dataclass(frozen=True)
class Setup:
    """A world, the plan to execute in it, and the runner of each process."""

    world: World
    target: FakeTarget
    plan: Plan
    runner: Callable[[], Runner]
    also: Callable[[], object] = lambda: None
    """Returns further state that must be the same in the end, however often the run was killed."""
    repair: Callable[[], None] = lambda: None
    """Repairs what failed; called when the run is parked."""


@dataclass(frozen=True)
class SweepResult:
    """How a run ended."""

    outcome: str
    setup: Setup
    journal: MemoryJournal
    points: int
    """The most points that a process of the run passed."""


def run_to_end(
    setup: Setup,
    journal: MemoryJournal,
    cuts: Sequence[int] = (),
    interrupted: Sequence[int] = (),
    *,
    away_s: float = 0,
) -> SweepResult:
    """Execute *setup* to its end; the n-th process is killed at the n-th of *cuts*, counted from its own start.

    If *interrupted* is given, the first process is interrupted at each of those points instead. *away_s* seconds pass
    between a crash and the next process.
    """
    processes: list[int | None] = [None, *cuts] if interrupted else [*cuts]
    points = 0
    for number, cut in enumerate([*processes, *[None] * MOST_PARKED]):
        runner = setup.runner()
        power = Power(cut)
        if interrupted and number == 0:
            power = Interrupting(runner.interruption, interrupted)
        setup.target.point = power.point
        try:
            outcome = begin_or_resume(setup, PoweredJournal(journal, power), runner)
            return SweepResult(outcome, setup, journal, max(points, power.count))
        except (PowerCut, Interrupted):
            points = max(points, power.count)
            setup.world.clock.pause(away_s)
        except Parked:
            points = max(points, power.count)
            setup.repair()
    raise AssertionError("a process that was not killed did not end")


class Interrupting(Power):
    """Interrupts the process at each of some points."""

    def __init__(self, interruption: Interruption, at: Sequence[int]) -> None:
        super().__init__()
        self._interruption = interruption
        self._at = at

    def point(self, where: str) -> None:
        super().point(where)
        if self.count in self._at:
            self._interruption.request(SIGINT)


def begin_or_resume(setup: Setup, journal: Journal, runner: Runner) -> str:
    """Resume the unfinished run, or begin one, as a process does."""
    past = HistoryFold().extend(journal.rows())
    if past.unfinished is not None:
        return resume(past.unfinished, setup.world, journal, runner)
    if past.runs:
        return past.runs[0].outcome
    return begin(setup.plan, setup.world, journal, runner)


def outside_state(target: FakeTarget) -> object:
    """Return the state of the target, as a value to compare."""
    running, serving = target.fleet_status(), target.traffic_status()
    return (
        {service: members for service, members in running.wanted.items() if members},
        sorted(one.id for one in running.instances),
        running.started,
        {service: shares for service, shares in serving.wanted.items() if shares},
        serving.reverts_to,
        serving.edge,
        dict(getattr(target, "items", {})),
    )


class Sweep:
    """One scene, killed in many ways: each run must end like the uninterrupted one."""

    def __init__(self, make: Callable[[], Setup]) -> None:
        self._make = make
        self.before = outside_state(make().target)
        uncut = run_to_end(make(), MemoryJournal())
        self.points = uncut.points
        self.outcome = uncut.outcome
        self._after = outside_state(uncut.setup.target)
        self._also = uncut.setup.also()
        self._effects = +uncut.setup.target.effects

    def cut(self, *cuts: int) -> None:
        """Kill the run at *cuts*; every effect happens as often as without a crash."""
        with repeated_by(f"cut{cuts}"):
            result = self._ended(run_to_end(self._make(), MemoryJournal(), cuts))
            assert +result.setup.target.effects == self._effects

    def interrupt(self, *at: int, then: Sequence[int] = ()) -> None:
        """Interrupt the run at *at*, then resume it, killed at *then*; traffic may be reverted and moved again."""
        with repeated_by(f"interrupt(*{at}, then={then})"):
            self._ended(run_to_end(self._make(), MemoryJournal(), then, at))

    def leave(self, *cuts: int) -> None:
        """Kill the run at *cuts*, and resume it only after traffic was reverted automatically."""
        with repeated_by(f"leave{cuts}"):
            self._ended(run_to_end(self._make(), MemoryJournal(), cuts, away_s=100))

    def mix(self, *cuts: int) -> None:
        """Kill the run in a parallel rank, where only the end must be the same, not the point of each step."""
        self._ended(run_to_end(self._make(), MemoryJournal(), cuts))

    def _ended(self, result: SweepResult) -> SweepResult:
        assert result.outcome == self.outcome
        assert outside_state(result.setup.target) == self._after
        assert result.setup.also() == self._also
        assert result.journal.verify().bad is None
        assert [row.name for row in result.journal.rows()].count("ended") == 1
        assert self.outcome != "undone" or self._after == self.before
        return result


@contextmanager
def repeated_by(call: str) -> Iterator[None]:
    """Add to a failure the call that repeats it."""
    try:
        yield
    except BaseException as wrong:
        wrong.add_note(f"repeat it with {call}")
        raise
