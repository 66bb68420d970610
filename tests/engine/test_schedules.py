"""Two hundred schedules of parallel steps, killed and failing: all end like the serial execution."""

import random
from pathlib import Path

import pytest

from mainstay.errors import StepFailed
from mainstay.history.events import decode
from tests.engine.items import Put, item_world, plan_of, runner_of, target_of
from tests.engine.schedules import SeededExecutor
from tests.engine.sweep import Setup, Sweep, run_to_end
from tests.fakes.journal import MemoryJournal

PARALLEL = tuple(Put(name=name) for name in "abcde")
AFTER = (Put(name="f"), Put(name="g"))


class Scene:
    """Five parallel steps, then two, in the order of *seed*; the steps in *broken* always fail."""

    def __init__(self, folder: Path, seed: int, broken: tuple[str, ...]) -> None:
        self._folder = folder
        self._seed = seed
        self._broken = broken

    def __call__(self) -> Setup:
        world = item_world(self._folder)
        executor = SeededExecutor(world.clock, random.Random(self._seed))
        target = target_of(world)
        for name in self._broken:
            target.failures[f"do {name}"] = [StepFailed(f"{name} is broken") for _ in range(50)]
        target.switch = executor.switch
        return Setup(world, target, plan_of(PARALLEL, AFTER), lambda: runner_of(world, executor))


@pytest.mark.goal("G1")
@pytest.mark.parametrize("broken", [(), ("c",), ("a", "e"), ("g",)], ids=str)
def test_every_schedule_ends_like_an_uninterrupted_run(broken: tuple[str, ...], in_memory: Path) -> None:
    for seed in range(50):
        scene = Sweep(Scene(in_memory, seed, broken))
        assert scene.outcome == ("undone" if broken else "released")
        cuts = random.Random(seed)
        scene.mix(cuts.randint(1, scene.points))
        scene.mix(cuts.randint(1, scene.points), cuts.randint(1, scene.points))


def test_results_are_recorded_in_the_order_of_the_plan(in_memory: Path) -> None:
    for seed in range(20):
        journal = MemoryJournal()
        run_to_end(Scene(in_memory, seed, ())(), journal)
        done = [decode(row.name, row.body) for row in journal.rows() if row.name == "done"]
        assert [event.step for event in done] == ["1.1", "1.2", "1.3", "1.4", "1.5", "2.1", "2.2"]  # type: ignore[union-attr] # they are Done


def test_the_same_seed_gives_the_same_schedule(in_memory: Path) -> None:
    def calls_of(seed: int) -> list[bytes]:
        setup = Scene(in_memory, seed, ("c",))()
        run_to_end(setup, MemoryJournal())
        return [*map(str.encode, target_of(setup.world).calls)]

    assert calls_of(3) == calls_of(3)
    assert len({tuple(calls_of(seed)) for seed in range(20)}) > 3
