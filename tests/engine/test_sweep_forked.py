"""The crash sweep with real processes on the real journal: they exit at each point of a run."""

import os
import random
from pathlib import Path

import pytest

from mainstay.drivers.world import RunWorld, World
from mainstay.engine.engine import begin, resume
from mainstay.engine.runner import Runner
from mainstay.errors import StepFailed
from mainstay.history.fold import HistoryFold
from mainstay.history.journal import Journal
from mainstay.history.signing import PublicKey, SigningKey
from mainstay.history.sqlite import SqliteJournal, SqliteReader
from mainstay.steps.step import Look, Step
from mainstay.system.clock import SystemClock
from tests.engine.items import plan_of
from tests.engine.serial import SerialExecutor
from tests.fakes.power import Power, PoweredJournal
from tests.fakes.target import FakeTarget
from tests.fakes.world import fake_world

SEED = 20260105
DIED = 9
NAMES = "abcd"


class ExitPower(Power):
    """Ends the process at the point, without another instruction."""

    def point(self, where: str) -> None:
        self.count += 1
        if self.count == self.cut_at:
            os._exit(DIED)


class CreateFiles(Step, frozen=True, kw_only=True, tag="create_files"):
    """Create two files; the log counts how often that happened."""

    name: str
    breaks: bool = False

    @property
    def title(self) -> str:
        return f"Create {self.name}"

    def do(self, world: RunWorld) -> str:
        first, second = self._files(world)
        self._point(world, "before")
        first.touch()
        self._point(world, "amid")
        if self.breaks:
            raise StepFailed(f"{self.name} is broken")
        if not second.exists():
            second.touch()
            with (world.folders.state / "log").open("a") as log:
                log.write(f"{self.name}\n")
        self._point(world, "after")
        return "created"

    def look(self, world: World) -> Look:
        there = sum(file.exists() for file in self._files(world))
        return (Look.ABSENT, Look.PARTIAL, Look.PRESENT)[there]

    def undo(self, world: RunWorld) -> str:
        for file in self._files(world):
            self._point(world, "undoing")
            file.unlink(missing_ok=True)
        self._point(world, "undone")
        return "removed"

    def _files(self, world: World) -> tuple[Path, Path]:
        return world.folders.state / f"{self.name}.1", world.folders.state / f"{self.name}.2"

    def _point(self, world: World, where: str) -> None:
        assert isinstance(world.target, FakeTarget)
        world.target.point(f"{where} {self.name}")


class Site:
    """One run in a folder of its own, executed by one process after another."""

    def __init__(self, folder: Path, broken: str) -> None:
        self._world = fake_world(folder)
        self.folders = self._world.folders
        self._plan = plan_of(*[(CreateFiles(name=name, breaks=name == broken),) for name in NAMES])
        self.outcome = "undone" if broken else "released"

    def run_process(self, cut: int | None) -> int:
        """Return the exit code of a process that executes the run, and exits at point *cut*."""
        child = os.fork()
        if child == 0:
            code = 70
            try:
                code = self._run(cut)
            finally:
                os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def _run(self, cut: int | None) -> int:
        power = ExitPower(cut)
        target = self._world.target
        assert isinstance(target, FakeTarget)
        target.point = power.point
        kept = SqliteJournal(self.folders.journal, self.folders.head, SystemClock(), SigningKey.of(self.folders))
        outcome = self._begin_or_resume(PoweredJournal(kept, power))
        kept.close()
        return 0 if outcome == self.outcome else 1

    def _begin_or_resume(self, journal: Journal) -> str:
        runner = Runner(by="ada", host="here", executor=SerialExecutor(self._world.clock), registry=CreateFiles)
        past = HistoryFold().extend(journal.rows())
        if past.runs and past.unfinished is None:
            return past.runs[0].outcome
        if past.unfinished is None:
            return begin(self._plan, self._world, journal, runner)
        return resume(past.unfinished, self._world, journal, runner)

    def check(self) -> None:
        state = self.folders.state
        found = sorted(file.name for file in state.iterdir() if file.suffix in {".1", ".2"})
        created = sorted((state / "log").read_text().split()) if (state / "log").exists() else []
        every = [f"{name}.{part}" for name in NAMES for part in (1, 2)]
        assert found == ([] if self.outcome == "undone" else every)
        assert created == sorted(set(created))
        reader = SqliteReader(self.folders.journal, self.folders.head)
        assert reader.verify(PublicKey.read(self.folders.public_key)).bad is None
        assert HistoryFold().extend(reader.rows()).runs[0].outcome == self.outcome


@pytest.mark.goal("G1")
@pytest.mark.failure("F1")
@pytest.mark.failure("F4")
@pytest.mark.failure("F5")
@pytest.mark.slow
@pytest.mark.parametrize(
    "broken",
    ["", *"acd"],
    ids=["no failure", "a fails", "c fails", "d fails"],
)
def test_a_process_killed_at_any_point_leaves_a_run_that_can_be_finished(broken: str, in_memory: Path) -> None:
    chance = random.Random(f"{SEED} {broken}")
    cut = 1
    while True:
        site = Site(in_memory / f"{cut}", broken)
        died = site.run_process(cut)
        assert died in (0, DIED), f"cut at {cut}"
        again = chance.randint(1, 40)
        assert site.run_process(again) in (0, DIED), f"cut at {cut}, then {again}"
        assert site.run_process(None) == 0, f"cut at {cut}, then {again}"
        site.check()
        if died == 0:
            break
        cut += 1
    assert cut > 20
