"""SIGKILL of the command line at any moment of a deploy or a rollback: released or as before, and nothing else."""

import os
import random
import time

import pytest

from tests.journeys.load import Load
from tests.journeys.parrot import Parrot
from tests.journeys.place import Place
from tests.journeys.whole import assert_whole

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

SEED = "MAINSTAY_JOURNEY_SEED"
KILLS = 10


@pytest.mark.goal("G1")
@pytest.mark.failure("F3")
@pytest.mark.parametrize("part", [1, 2, 3])
def test_a_run_killed_at_any_moment_ends_whole(place: Place, part: int) -> None:
    seed = int(os.environ.get(SEED) or random.randrange(10**6))
    print(f"{SEED}={seed}")
    dice = random.Random(seed * 10 + part)
    place.ship(Parrot("0"))
    took_s = timed_deploy(place)
    with Load(place.url, rate=60, longest_s=300) as load:
        for number in range(1, KILLS + 1):
            verb = "rollback" if number % 3 == 0 else "deploy"
            moments = [dice.uniform(0.15, took_s * 1.1) for _ in range(dice.choice((1, 1, 1, 2, 3)))]
            print(f"{number}: {verb}, killed after {', '.join(f'{moment:.3f} s' for moment in moments)}")
            killed_then_resumed(place, verb, str(number), moments)
    assert load.stop().lost == [], load.tally
    assert load.tally.total > 100


def killed_then_resumed(place: Place, verb: str, version: str, moments: list[float]) -> None:
    """The first of *moments* ends the command, the others the resumes after it."""
    before = place.status()["release"]
    runs = len(place.ask("history"))
    if verb == "deploy":
        place.holds(Parrot(f"0.{version}"))
    killed(place, [verb, "--yes"], moments[0])
    for moment in moments[1:]:
        if place.status()["run"]:
            killed(place, ["resume"], moment)
    if place.status()["run"]:
        ended = place.run("resume", ends=None)
        assert ended.code in {0, 1}, ended
    history = place.ask("history")
    last = history[0]
    released = len(history) > runs and last["outcome"] == "released"
    now = assert_whole(place)["release"]
    assert now["number"] == (last["release"] if released else before["number"]), (before, history[:2])
    assert last["outcome"] in {"released", "undone"}
    assert place.get()[1] == f"version {now['version']}"


def killed(place: Place, words: list[str], moment: float) -> None:
    command = place.start(*words)
    if not command.ends_within(moment):
        command.kill()


def timed_deploy(place: Place) -> float:
    """Seconds that an undisturbed deploy takes now."""
    place.holds(Parrot("0.0"))
    began = time.monotonic()
    place.run("deploy", "--yes")
    return time.monotonic() - began
