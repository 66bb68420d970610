"""What counts as less than desired, at rest and while a run goes on."""

import msgspec
import pytest

from mainstay.model import Instance, Members, Shares
from mainstay.operations.shortfall import shortfall
from tests.shop import fleet, release

OLD: Members = fleet(release(1))["web"]
BOTH: Members = OLD | fleet(release(2))["web"]
OLD_SERVES: Shares = {1: 100.0}


def instances(*states: str) -> list[Instance]:
    """`1 ready`, `2 starting`, `2 starting again`: an instance of that release."""
    return [made(number, *words.split()) for number, words in enumerate(states, 1)]


def made(number: int, release: str, state: str, again: str = "") -> Instance:
    done = state == "done"
    said = {"service": "web", "release": int(release), "since": "", "restarts": 3 if again else 0, "done": done}
    said["state"] = "stopped" if done else state
    return msgspec.convert({"id": f"web-{number}", **said}, Instance)


@pytest.mark.parametrize(
    ("states", "count"),
    [
        pytest.param(["1 ready", "1 ready"], 0, id="all are there"),
        pytest.param(["1 ready", "1 unready"], 1, id="one does not answer"),
        pytest.param(["1 ready", "1 starting"], 1, id="one starts"),
        pytest.param(["1 done", "1 done"], 0, id="tasks are done"),
        pytest.param(["1 done", "1 stopped"], 1, id="one task was stopped before it was done"),
        pytest.param(["1 ready"], 1, id="one is gone"),
        pytest.param(["1 ready", "2 ready"], 1, id="another revision is no stand-in"),
    ],
)
def test_at_rest_whatever_is_not_ready_is_missed(states: list[str], count: int) -> None:
    assert shortfall(OLD, OLD_SERVES, instances(*states), carried=False) == count


@pytest.mark.parametrize(
    ("states", "count"),
    [
        pytest.param(["1 ready", "1 ready"], 0, id="the new ones are not made yet"),
        pytest.param(["1 ready", "1 ready", "2 starting", "2 failed"], 0, id="the new ones do not get ready"),
        pytest.param(["1 ready", "1 unready", "2 starting", "2 starting"], 1, id="an old one falls ill"),
        pytest.param(["1 ready", "1 starting again", "2 ready", "2 ready"], 1, id="an old one comes back"),
    ],
)
def test_in_the_middle_of_a_run_only_those_that_serve_are_missed(states: list[str], count: int) -> None:
    assert shortfall(BOTH, OLD_SERVES, instances(*states), carried=True) == count


def test_a_run_that_nobody_carries_watches_over_nothing() -> None:
    seen = instances("1 ready", "1 ready", "2 starting", "2 starting")
    assert shortfall(BOTH, OLD_SERVES, seen, carried=False) == 2


def test_once_new_ones_serve_they_are_missed_too() -> None:
    seen = instances("1 ready", "1 ready", "2 ready", "2 unready")
    assert shortfall(BOTH, {1: 50.0, 2: 50.0}, seen, carried=True) == 1


def test_what_serves_nobody_may_start_but_must_stay() -> None:
    assert shortfall(OLD, {}, instances("1 starting", "1 starting"), carried=True) == 0
    assert shortfall(OLD, {}, instances("1 starting again", "1 failed"), carried=True) == 2
