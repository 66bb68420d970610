"""SIGKILL of the command line at any moment of a deploy or a rollback: released or as before, and nothing else."""

import time

import pytest

from mainstay.history.run_state import MOST_RESUMES
from tests.journeys.dice import dice
from tests.journeys.load import Load
from tests.journeys.machine import reboot
from tests.journeys.parrot import TABLE, Parrot
from tests.journeys.place import Place
from tests.journeys.whole import assert_whole

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

KILLS = 10


@pytest.mark.goal("G1")
@pytest.mark.failure("F3")
@pytest.mark.parametrize("part", [1, 2, 3])
def test_a_run_killed_at_any_moment_ends_whole(place: Place, part: int) -> None:
    chance = dice(part)
    place.ship(Parrot("0"))
    took_s = timed_deploy(place)
    with Load(place.url, rate=60, longest_s=300) as load:
        for number in range(1, KILLS + 1):
            verb = "rollback" if number % 3 == 0 else "deploy"
            moments = [chance.uniform(0.15, took_s * 1.1) for _ in range(chance.choice((1, 1, 1, 2, 3)))]
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


@pytest.mark.goal("G1")
@pytest.mark.parametrize("part", [4, 5])
def test_a_first_up_killed_again_and_again_goes_live(place: Place, part: int) -> None:
    chance = dice(part)
    place.holds(Parrot("1", migrations=TABLE))
    # On a slow machine all may meet the same step: one more, and it would rightly wait for a person's word.
    for _ in range(MOST_RESUMES - 1):
        moment = chance.uniform(0.3, 4)
        print(f"killed after {moment:.3f} s")
        killed(place, ["up"], moment)
    place.run("up")
    assert place.get("/rows", method="POST") == (200, "1")
    assert assert_whole(place)["release"]["version"] == "1"


@pytest.mark.goal("G1")
@pytest.mark.failure("F83")
@pytest.mark.parametrize("part", [6, 7])
def test_a_power_cut_at_any_moment_loses_no_row_and_ends_whole(place: Place, part: int) -> None:
    chance = dice(part)
    place.ship(Parrot("0", migrations=TABLE))
    for number in range(1, 6):
        assert place.get("/rows", method="POST") == (200, str(number))
        place.holds(Parrot(f"0.{number}", migrations=TABLE))
        moment = chance.uniform(0.2, 3)
        print(f"cut after {moment:.3f} s")
        deploy = place.start("deploy", "--yes")
        deploy.ends_within(moment)
        reboot(place.state)
        deploy.wait()
        ended = place.run("up", ends=None)
        assert ended.code in {0, 1}, ended
        assert place.get("/rows") == (200, str(number))
        assert_whole(place)


@pytest.mark.goal("G1")
@pytest.mark.parametrize("part", [8, 9])
def test_any_processes_killed_at_any_moment_are_survived(place: Place, part: int) -> None:
    chance = dice(part)
    place.ship(Parrot("0", migrations=TABLE, replicas=2))
    for number in range(1, 7):
        before = place.status()["release"]["version"]
        place.holds(Parrot(f"0.{number}", migrations=TABLE, replicas=2))
        deploy = place.start("deploy", "--yes")
        for _ in range(chance.choice((1, 2, 3))):
            deploy.ends_within(chance.uniform(0.1, 1.5))
            # Not the children of Postgres: whether its recovery outlives their end is its own matter.
            able = [one for one in place.processes() if not one.command.startswith("postgres: ")]
            victim = chance.choice(sorted(able, key=lambda one: one.command))
            print(f"{number}: {victim.command[:90]}")
            victim.end()
        deploy.wait()
        ended = place.run("up", ends=None)
        assert ended.code in {0, 1}, ended
        assert assert_whole(place)["release"]["version"] in {before, f"0.{number}"}
