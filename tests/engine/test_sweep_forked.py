"""The crash sweep with processes that really die, on the real journal: each point of a run, by `_exit`."""

import os
import random
from pathlib import Path

import pytest

from mainstay.drivers.world import RunWorld, World
from mainstay.engine.engine import begin, resume
from mainstay.engine.runner import Runner
from mainstay.errors import StepFailed
from mainstay.history.fold import history_from
from mainstay.history.journal import Journal
from mainstay.history.signing import PublicKey, SigningKey
from mainstay.history.sqlite import SqliteJournal, SqliteReader
from mainstay.steps.step import Look, Step
from mainstay.system.clock import SystemClock
from tests.engine.serial import Serial
from tests.engine.workbench import plan_of
from tests.fakes.power import Power, PoweredJournal
from tests.fakes.target import FakeTarget
from tests.fakes.world import fake_world

SEED = 20260105
DIED = 9
NAMES = "abcd"


class Death(Power):
    """The process is gone at the point, without another instruction."""

    def point(self, where: str) -> None:
        self.count += 1
        if self.count == self.cut_at:
            os._exit(DIED)


class Lay(Step, frozen=True, kw_only=True, tag="lay"):
    """Lay two files; the log counts how often that came about."""

    name: str
    breaks: bool = False

    @property
    def title(self) -> str:
        return f"Lay {self.name}"

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
        return "laid"

    def look(self, world: World) -> Look:
        there = sum(file.exists() for file in self._files(world))
        return (Look.ABSENT, Look.PARTIAL, Look.PRESENT)[there]

    def undo(self, world: RunWorld) -> str:
        for file in self._files(world):
            self._point(world, "undoing")
            file.unlink(missing_ok=True)
        self._point(world, "undone")
        return "taken away"

    def _files(self, world: World) -> tuple[Path, Path]:
        return world.folders.state / f"{self.name}.1", world.folders.state / f"{self.name}.2"

    def _point(self, world: World, where: str) -> None:
        assert isinstance(world.target, FakeTarget)
        world.target.point(f"{where} {self.name}")


class Site:
    """One run in a folder of its own, lived by one process after another."""

    def __init__(self, folder: Path, broken: str) -> None:
        self._world = fake_world(folder)
        self.folders = self._world.folders
        self._plan = plan_of(*[(Lay(name=name, breaks=name == broken),) for name in NAMES])
        self.outcome = "undone" if broken else "released"

    def lived(self, cut: int | None) -> int:
        """The exit code of a process that carries the run, and dies at point *cut*."""
        child = os.fork()
        if child == 0:
            code = 70
            try:
                code = self._live(cut)
            finally:
                os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def _live(self, cut: int | None) -> int:
        power = Death(cut)
        target = self._world.target
        assert isinstance(target, FakeTarget)
        target.point = power.point
        kept = SqliteJournal(self.folders.journal, self.folders.head, SystemClock(), SigningKey.of(self.folders))
        outcome = self._carried(PoweredJournal(kept, power))
        kept.close()
        return 0 if outcome == self.outcome else 1

    def _carried(self, journal: Journal) -> str:
        runner = Runner(by="ada", host="here", executor=Serial(self._world.clock), registry=Lay)
        past = history_from(journal.rows())
        if past.runs and past.unfinished is None:
            return past.runs[0].outcome
        if past.unfinished is None:
            return begin(self._plan, self._world, journal, runner)
        return resume(past.unfinished, self._world, journal, runner)

    def check(self) -> None:
        state = self.folders.state
        found = sorted(file.name for file in state.iterdir() if file.suffix in {".1", ".2"})
        laid = sorted((state / "log").read_text().split()) if (state / "log").exists() else []
        whole = [f"{name}.{part}" for name in NAMES for part in (1, 2)]
        assert found == ([] if self.outcome == "undone" else whole)
        assert laid == sorted(set(laid))
        story = SqliteReader(self.folders.journal, self.folders.head)
        assert story.verify(PublicKey.read(self.folders.public_key)).bad is None
        assert history_from(story.rows()).runs[0].outcome == self.outcome


@pytest.mark.goal("G1")
@pytest.mark.failure("F1")
@pytest.mark.failure("F4")
@pytest.mark.failure("F5")
@pytest.mark.parametrize("broken", ["", "a", "c", "d"], ids=["all goes well", "a breaks", "c breaks", "d breaks"])
def test_a_process_that_dies_anywhere_leaves_a_run_that_ends_whole(broken: str, in_memory: Path) -> None:
    chance = random.Random(f"{SEED} {broken}")
    cut = 1
    while True:
        site = Site(in_memory / f"{cut}", broken)
        died = site.lived(cut)
        assert died in (0, DIED), f"cut at {cut}"
        again = chance.randint(1, 40)
        assert site.lived(again) in (0, DIED), f"cut at {cut}, then {again}"
        assert site.lived(None) == 0, f"cut at {cut}, then {again}"
        site.check()
        if died == 0:
            break
        cut += 1
    assert cut > 20
