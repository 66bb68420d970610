"""Two hundred schedules of steps that act side by side, cut and failing: all end where one after the other ends."""

import random
from pathlib import Path

import pytest

from mainstay.errors import StepFailed
from mainstay.history.events import decode
from tests.engine.schedules import Seeded
from tests.engine.sweep import Stage, Sweep, carried
from tests.engine.workbench import Put, bench, bench_world, carrier_of, plan_of
from tests.fakes.journal import MemoryJournal

ABREAST = tuple(Put(name=name) for name in "abcde")
AFTER = (Put(name="f"), Put(name="g"))


class Scene:
    """Five steps abreast, then two, in the order of *seed*; *broken* can never be done."""

    def __init__(self, folder: Path, seed: int, broken: tuple[str, ...]) -> None:
        self._folder = folder
        self._seed = seed
        self._broken = broken

    def __call__(self) -> Stage:
        world = bench_world(self._folder)
        executor = Seeded(world.clock, random.Random(self._seed))
        target = bench(world)
        for name in self._broken:
            target.trouble[f"do {name}"] = [StepFailed(f"{name} is broken") for _ in range(50)]
        target.switch = executor.switch
        return Stage(world, target, plan_of(ABREAST, AFTER), lambda: carrier_of(world, executor))


@pytest.mark.goal("G1")
@pytest.mark.parametrize("broken", [(), ("c",), ("a", "e"), ("g",)], ids=str)
def test_whatever_the_order_it_ends_whole(broken: tuple[str, ...], in_memory: Path) -> None:
    for seed in range(50):
        scene = Sweep(Scene(in_memory, seed, broken))
        assert scene.outcome == ("undone" if broken else "released")
        cuts = random.Random(seed)
        scene.mix(cuts.randint(1, scene.points))
        scene.mix(cuts.randint(1, scene.points), cuts.randint(1, scene.points))


def test_outcomes_are_told_in_the_order_of_the_plan_whatever_came_first(in_memory: Path) -> None:
    for seed in range(20):
        journal = MemoryJournal()
        carried(Scene(in_memory, seed, ())(), journal)
        done = [decode(row.name, row.body) for row in journal.rows() if row.name == "done"]
        assert [event.step for event in done] == ["1.1", "1.2", "1.3", "1.4", "1.5", "2.1", "2.2"]  # type: ignore[union-attr] # they are Done


def test_the_same_seed_gives_the_same_story(in_memory: Path) -> None:
    def told(seed: int) -> list[bytes]:
        stage = Scene(in_memory, seed, ("c",))()
        carried(stage, MemoryJournal())
        return [*map(str.encode, bench(stage.world).told)]

    assert told(3) == told(3)
    assert len({tuple(told(seed)) for seed in range(20)}) > 3
