"""The crash sweep over the plans of a real system: every point of every step, out and back, once, twice, three times.

What fails says how to repeat it: the scene is the test's name, the points stand in its note.
"""

import random
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import get_args

import pytest

from mainstay.model import Strategy
from mainstay.model.revision import Revision
from mainstay.steps import AnyStep
from tests.engine.scenes import Make, Scenes, Shop, Spoil, at_the_bench
from tests.engine.sweep import Sweep

SEED = 20260105
CANARY = Strategy("canary", percent=(10, 50), hold_s=1, settle_s=1)
ROLLING = Strategy("rolling", settle_s=0)
RECREATE = Strategy("recreate", settle_s=0)

pytestmark = [pytest.mark.goal("G1"), *(pytest.mark.failure(f"F{number}") for number in range(1, 9))]


def sick(service: str) -> Spoil:
    return lambda at: at.target.sick.add(Revision(service, 2))


def overwhelmed(at: Shop) -> None:
    at.target.overwhelmed.add(Revision("api", 2))


def breaks(*requests: str) -> Spoil:
    return lambda at: at.target.breaks.update(requests)


def both(*spoils: Spoil) -> Spoil:
    def spoil(at: Shop) -> None:
        for each in spoils:
            each(at)

    return spoil


def jobs_fail(word: str) -> Spoil:
    def spoil(at: Shop) -> None:
        at.target.perform = lambda job: 1 if word in job.id else at.store.run_job(job)

    return spoil


def bad_migration(at: Shop) -> None:
    at.store.breaks_at = "0002_more"


def port_taken(at: Shop) -> None:
    at.target.taken[8080] = "nginx (process 12)"


def slow_request(at: Shop) -> None:
    at.target.in_flight["web@2"] = 1


SCENES: dict[str, tuple[str, Callable[[Scenes], Make]]] = {
    "first": ("released", lambda s: s.first()),
    "next": ("released", lambda s: s.next()),
    "migrating": ("released", lambda s: s.migrating()),
    "rollback": ("released", lambda s: s.rollback()),
    "down": ("released", lambda s: s.down()),
    "down with data": ("released", lambda s: s.down(data=True)),
    "canary": ("released", lambda s: s.next(CANARY)),
    "rolling": ("released", lambda s: s.next(ROLLING)),
    "recreate": ("released", lambda s: s.next(RECREATE)),
    "first, a build fails": ("undone", lambda s: s.first(spoil=jobs_fail("build-sql"))),
    "first, the port is taken": ("undone", lambda s: s.first(spoil=port_taken)),
    "first, the configuration fails": ("undone", lambda s: s.first(spoil=jobs_fail("configure"))),
    "first, the migration fails": ("undone", lambda s: s.first(spoil=jobs_fail("migrate"))),
    "first, traffic cannot be set": ("undone", lambda s: s.first(spoil=breaks("traffic api 1:100"))),
    "next, the first service is sick": ("undone", lambda s: s.next(spoil=sick("api"))),
    "next, the last service is sick": ("undone", lambda s: s.next(spoil=sick("worker"))),
    "next, traffic is too much": ("undone", lambda s: s.next(spoil=overwhelmed)),
    "next, nothing can be retired": ("released", lambda s: s.next(spoil=breaks("fleet api 2=2"))),
    "next, sick, and not undone at once": (
        "undone",
        lambda s: s.next(spoil=both(sick("worker"), breaks("fleet api 1=2"))),
    ),
    "migrating, the migration fails": ("undone", lambda s: s.migrating(spoil=bad_migration)),
    "rollback, the old one is sick": (
        "undone",
        lambda s: s.rollback(spoil=lambda at: at.target.sick.add(Revision("web", 1))),
    ),
    "rollback, a request outlasts its drain": ("released", lambda s: s.rollback(spoil=slow_request)),
    "next, traffic is too much, a request outlasts its drain": (
        "undone",
        lambda s: s.next(spoil=both(overwhelmed, slow_request)),
    ),
    "canary, traffic is too much": ("undone", lambda s: s.next(CANARY, spoil=overwhelmed)),
    "rolling, traffic is too much": ("undone", lambda s: s.next(ROLLING, spoil=overwhelmed)),
    "recreate, traffic is too much": ("undone", lambda s: s.next(RECREATE, spoil=overwhelmed)),
}
SHORT = ("down", "next, the first service is sick")


def sweep(name: str, folder: Path) -> Sweep:
    outcome, scene = SCENES[name]
    found = Sweep(scene(Scenes(folder)))
    assert found.outcome == outcome
    return found


def test_a_scene_contains_every_step_of_the_registry(in_memory: Path) -> None:
    plans = [scene(Scenes(in_memory))().plan for _, scene in SCENES.values()]
    assert {type(step) for plan in plans for _, step in plan.steps()} == set(get_args(AnyStep))


@pytest.mark.parametrize("name", SCENES)
def test_cut_anywhere_once_it_ends_whole(name: str, in_memory: Path) -> None:
    scene = sweep(name, in_memory)
    for point in range(1, scene.points + 1):
        scene.cut(point)


@pytest.mark.parametrize("name", SHORT)
def test_cut_anywhere_twice_a_short_plan_ends_whole(name: str, in_memory: Path) -> None:
    scene = sweep(name, in_memory)
    for first, second in product(range(1, scene.points + 1), repeat=2):
        scene.cut(first, second)


@pytest.mark.parametrize("name", SCENES)
def test_cut_anywhere_again_and_again_it_ends_whole(name: str, in_memory: Path) -> None:
    chance = random.Random(f"{SEED} {name}")
    scene = sweep(name, in_memory)
    for lives in [2] * (2000 // len(SCENES) + 1) + [3] * (200 // len(SCENES) + 1):
        scene.cut(*(chance.randint(1, scene.points) for _ in range(lives)))


@pytest.mark.parametrize(
    "broken", [(), ("do a",), ("do c",), ("do m",), ("do d",), ("do d", "undo b"), ("do f",)], ids=str
)
def test_steps_of_every_sort_end_whole_however_often_they_are_cut(broken: tuple[str, ...], in_memory: Path) -> None:
    scene = Sweep(at_the_bench(in_memory, broken=broken))
    every = list(product(range(1, scene.points + 1), repeat=2))
    for point in range(1, scene.points + 1):
        scene.cut(point)
    for first, second in random.Random(SEED).choices(every, k=500) if broken else every:
        scene.cut(first, second)


@pytest.mark.failure("F6")
@pytest.mark.parametrize("name", ["next", "canary", "rolling", "rollback", "next, traffic is too much"])
def test_left_alone_anywhere_it_ends_whole_when_somebody_comes_back(name: str, in_memory: Path) -> None:
    scene = sweep(name, in_memory)
    for point in range(1, scene.points + 1):
        scene.leave(point)


@pytest.mark.goal("G29")
@pytest.mark.failure("F9")
@pytest.mark.failure("F11")
@pytest.mark.parametrize("name", ["next", "canary", "rolling", "migrating", "rollback", "next, traffic is too much"])
def test_asked_to_stop_anywhere_it_ends_whole_when_it_is_resumed(name: str, in_memory: Path) -> None:
    chance = random.Random(f"{SEED} {name}")
    scene = sweep(name, in_memory)
    for point in range(1, scene.points + 1):
        scene.interrupt(point)
        scene.interrupt(point, then=[chance.randint(1, scene.points)])


@pytest.mark.goal("G29")
@pytest.mark.failure("F10")
def test_asked_twice_anywhere_it_ends_whole_when_it_is_resumed(in_memory: Path) -> None:
    scene = sweep("next", in_memory)
    for point in range(1, scene.points + 1):
        scene.interrupt(point, point + 1)
        scene.interrupt(point, point + 3)
