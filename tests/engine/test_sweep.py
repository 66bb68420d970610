"""The crash sweep over the plans of the example system: killed at every point of every step, also several times.

A failure can be repeated: the test's id names the scene, and the note of the exception has the points.
"""

import random
from collections.abc import Callable, Container, Iterable
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest

from mainstay.model import Revision, Strategy
from mainstay.model.http import EntranceName, HttpResponse
from mainstay.steps import AnyStep
from tests.engine.scenes import Fault, Make, Scenes, Shop, item_scene
from tests.engine.sweep import Sweep

SEED = 20260105
CANARY = Strategy("canary", percent=(10, 50), hold_s=1, settle_s=1, when_quiet="pass")
ROLLING = Strategy("rolling", settle_s=0)
RECREATE = Strategy("recreate", settle_s=0)

pytestmark = [pytest.mark.goal("G1"), *(pytest.mark.failure(f"F{number}") for number in range(1, 9))]


def sick(service: str) -> Fault:
    return lambda at: at.target.sick.add(Revision(service, 2))


def overwhelmed(at: Shop) -> None:
    at.target.overwhelmed.add(Revision("api", 2))


def breaks(*requests: str) -> Fault:
    return lambda at: at.target.breaks.update(requests)


def both(*faults: Fault) -> Fault:
    def fault(at: Shop) -> None:
        for each in faults:
            each(at)

    return fault


def jobs_fail(word: str) -> Fault:
    def fault(at: Shop) -> None:
        at.target.perform = lambda job: 1 if word in job.id else at.store.run_job(job)

    return fault


def bad_migration(at: Shop) -> None:
    at.store.breaks_at = "0002_more"


def port_taken(at: Shop) -> None:
    at.target.taken[8080] = "nginx (process 12)"


def wrong_through(door: EntranceName) -> Fault:
    def fault(at: Shop) -> None:
        right = at.target.respond
        at.target.respond = lambda request, to: HttpResponse(500, (), b"", 0.01) if to == door else right(request, to)

    return fault


def slow_request(at: Shop) -> None:
    at.target.in_flight["web@2"] = 1


SCENES: dict[str, tuple[str, Callable[[Scenes], Make]]] = {
    "first": ("released", lambda s: s.first()),
    "next": ("released", lambda s: s.next()),
    "tested": ("released", lambda s: s.tested()),
    "tested, wrong before its traffic": ("undone", lambda s: s.tested(fault=wrong_through("preview"))),
    "tested, wrong after its traffic": ("undone", lambda s: s.tested(CANARY, fault=wrong_through("front"))),
    "migrating": ("released", lambda s: s.migrating()),
    "rollback": ("released", lambda s: s.rollback()),
    "down": ("released", lambda s: s.down()),
    "down with data": ("released", lambda s: s.down(data=True)),
    "canary": ("released", lambda s: s.next(CANARY)),
    "rolling": ("released", lambda s: s.next(ROLLING)),
    "recreate": ("released", lambda s: s.next(RECREATE)),
    "first, a build fails": ("undone", lambda s: s.first(fault=jobs_fail("build-sql"))),
    "first, the port is taken": ("undone", lambda s: s.first(fault=port_taken)),
    "first, the configuration fails": ("undone", lambda s: s.first(fault=jobs_fail("configure"))),
    "first, the migration fails": ("undone", lambda s: s.first(fault=jobs_fail("migrate"))),
    "first, traffic cannot be set": ("undone", lambda s: s.first(fault=breaks("traffic api 1:100"))),
    "next, the first service is sick": ("undone", lambda s: s.next(fault=sick("api"))),
    "next, the last service is sick": ("undone", lambda s: s.next(fault=sick("worker"))),
    "next, traffic is too much": ("undone", lambda s: s.next(fault=overwhelmed)),
    "next, nothing can be retired": ("released", lambda s: s.next(fault=breaks("fleet api 2=2"))),
    "next, sick, and not undone at once": (
        "undone",
        lambda s: s.next(fault=both(sick("worker"), breaks("fleet api 1=2"))),
    ),
    "migrating, the migration fails": ("undone", lambda s: s.migrating(fault=bad_migration)),
    "rollback, the old one is sick": (
        "undone",
        lambda s: s.rollback(fault=lambda at: at.target.sick.add(Revision("web", 1))),
    ),
    "rollback, a request outlasts its drain": ("released", lambda s: s.rollback(fault=slow_request)),
    "next, traffic is too much, a request outlasts its drain": (
        "undone",
        lambda s: s.next(fault=both(overwhelmed, slow_request)),
    ),
    "canary, traffic is too much": ("undone", lambda s: s.next(CANARY, fault=overwhelmed)),
    "rolling, traffic is too much": ("undone", lambda s: s.next(ROLLING, fault=overwhelmed)),
    "recreate, traffic is too much": ("undone", lambda s: s.next(RECREATE, fault=overwhelmed)),
}
LONG = {
    "tested, wrong after its traffic",
    "rollback, a request outlasts its drain",
    "next, traffic is too much, a request outlasts its drain",
}


def slow(names: Iterable[str], long: Container[str]) -> list[Any]:
    """Return *names* as parameters; those in *long* are not in the quick tests."""
    return [pytest.param(name, marks=pytest.mark.slow) if name in long else name for name in names]


def sweep(name: str, folder: Path) -> Sweep:
    outcome, scene = SCENES[name]
    found = Sweep(scene(Scenes(folder)))
    assert found.outcome == outcome
    return found


def test_a_scene_contains_every_step_of_the_registry(in_memory: Path) -> None:
    plans = [scene(Scenes(in_memory))().plan for _, scene in SCENES.values()]
    assert {type(step) for plan in plans for _, step in plan.steps()} == set(get_args(AnyStep))


@pytest.mark.parametrize("name", slow(SCENES, LONG))
def test_a_run_killed_at_any_point_ends_like_an_uninterrupted_run(name: str, in_memory: Path) -> None:
    scene = sweep(name, in_memory)
    for point in range(1, scene.points + 1):
        scene.cut(point)


@pytest.mark.parametrize("name", slow(["down", "next, the first service is sick"], ["next, the first service is sick"]))
def test_a_short_run_killed_at_any_two_points_ends_like_an_uninterrupted_run(name: str, in_memory: Path) -> None:
    scene = sweep(name, in_memory)
    for first, second in product(range(1, scene.points + 1), repeat=2):
        scene.cut(first, second)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENES)
def test_a_run_killed_several_times_ends_like_an_uninterrupted_run(name: str, in_memory: Path) -> None:
    chance = random.Random(f"{SEED} {name}")
    scene = sweep(name, in_memory)
    for crashes in [2] * (2000 // len(SCENES) + 1) + [3] * (200 // len(SCENES) + 1):
        scene.cut(*(chance.randint(1, scene.points) for _ in range(crashes)))


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param((), marks=pytest.mark.slow),
        ("do a",),
        ("do c",),
        ("do m",),
        ("do d",),
        ("do d", "undo b"),
        ("do f",),
    ],
    ids=str,
)
def test_steps_of_every_kind_end_like_an_uninterrupted_run(broken: tuple[str, ...], in_memory: Path) -> None:
    scene = Sweep(item_scene(in_memory, broken=broken))
    every = list(product(range(1, scene.points + 1), repeat=2))
    for point in range(1, scene.points + 1):
        scene.cut(point)
    for first, second in random.Random(SEED).choices(every, k=500) if broken else every:
        scene.cut(first, second)


@pytest.mark.failure("F6")
@pytest.mark.parametrize("name", ["next", "canary", "rolling", "rollback", "next, traffic is too much"])
def test_a_run_resumed_after_an_automatic_revert_ends_like_an_uninterrupted_run(name: str, in_memory: Path) -> None:
    scene = sweep(name, in_memory)
    for point in range(1, scene.points + 1):
        scene.leave(point)


@pytest.mark.goal("G29")
@pytest.mark.failure("F9")
@pytest.mark.failure("F11")
@pytest.mark.parametrize(
    "name",
    slow(
        ["next", "canary", "rolling", "migrating", "rollback", "next, traffic is too much"],
        ["canary", "next, traffic is too much"],
    ),
)
def test_an_interrupted_run_ends_like_an_uninterrupted_run_when_it_is_resumed(name: str, in_memory: Path) -> None:
    chance = random.Random(f"{SEED} {name}")
    scene = sweep(name, in_memory)
    for point in range(1, scene.points + 1):
        scene.interrupt(point)
        scene.interrupt(point, then=[chance.randint(1, scene.points)])


@pytest.mark.goal("G29")
@pytest.mark.failure("F10")
def test_a_run_interrupted_twice_ends_like_an_uninterrupted_run_when_it_is_resumed(in_memory: Path) -> None:
    scene = sweep("next", in_memory)
    for point in range(1, scene.points + 1):
        scene.interrupt(point, point + 1)
        scene.interrupt(point, point + 3)
