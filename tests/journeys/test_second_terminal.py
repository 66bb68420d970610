"""Other commands while a run goes on, and a person's word where the machine cannot know."""

import pytest

from tests.journeys.parrot import Parrot
from tests.journeys.place import Place
from tests.journeys.whole import assert_whole

pytestmark = pytest.mark.slow
SLOW = Parrot("2", behaviour={"ready_after": 4})


@pytest.mark.failure("F16")
def test_a_second_command_is_told_who_holds_the_lock(place: Place) -> None:
    place.ship(Parrot("1"))
    place.holds(SLOW)
    deploy = place.begin("deploy", "--yes")
    run = deploy.event("started", "Start web@2")["run"]
    for words in (["deploy", "--yes"], ["rollback", "--yes"], ["resume"], ["up", "--yes"], ["down", "--yes"]):
        said = place.run(*words, ends=4)
        assert str(deploy.pid) in said.err, said
        assert run in said.err, said
    status = place.ask("status")
    assert (status["run"]["state"], status["run"]["id"]) == ("running", run)
    assert deploy.wait().code == 0


def test_abort_from_another_terminal_leaves_all_as_before(place: Place) -> None:
    place.ship(Parrot("1"))
    place.holds(SLOW)
    deploy = place.begin("deploy", "--yes")
    deploy.event("started", "Start web@2")
    assert "rolling back: abort was requested" in place.run("abort").out
    assert deploy.event("turned")["why"] == "abort was requested"
    assert deploy.wait().code == 1
    assert assert_whole(place)["release"]["version"] == "1"
    assert place.ask("history")[0]["outcome"] == "undone"


def test_a_release_that_is_there_is_not_aborted(place: Place) -> None:
    place.ship(Parrot("1"))
    place.run("abort", ends=2)
    place.run("resume", ends=2)


@pytest.mark.failure("F8")
def test_a_step_that_is_killed_again_and_again_waits_for_a_persons_word(place: Place) -> None:
    place.ship(Parrot("1"))
    place.holds(Parrot("2", behaviour={"ready_after": 20}, within="40s"))
    deploy = place.begin("deploy", "--yes")
    step = deploy.event("started", "Start web@2")["step"]
    deploy.kill()
    for _ in range(5):
        resume = place.begin("resume")
        resume.event("resumed")
        resume.kill()
    said = place.run("resume", ends=5)
    assert f"died at step {step}" in said.err, said
    parked = place.status()["run"]
    assert (parked["state"], parked["step"]) == ("parked", step)
    place.run("resume", "--as", "undone", step, "--because", "I looked")
    assert assert_whole(place)["release"]["version"] == "2"
    assert "I looked" in place.run("journal", "show").out
