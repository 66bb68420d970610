"""Replica shortfall, with and without a run."""

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
    return [instance(number, *words.split()) for number, words in enumerate(states, 1)]


def instance(number: int, release: str, state: str, again: str = "") -> Instance:
    done = state == "done"
    fields = {"service": "web", "release": int(release), "since": "", "restarts": 3 if again else 0, "done": done}
    fields["state"] = "stopped" if done else state
    return msgspec.convert({"id": f"web-{number}", **fields}, Instance)


@pytest.mark.parametrize(
    ("states", "count"),
    [
        pytest.param(["1 ready", "1 ready"], 0, id="all are ready"),
        pytest.param(["1 ready", "1 unready"], 1, id="one is unready"),
        pytest.param(["1 ready", "1 starting"], 1, id="one starts"),
        pytest.param(["1 done", "1 done"], 0, id="tasks are done"),
        pytest.param(["1 done", "1 stopped"], 1, id="one task was stopped before it was done"),
        pytest.param(["1 ready"], 1, id="one is missing"),
        pytest.param(["1 ready", "2 ready"], 1, id="another revision does not replace it"),
    ],
)
def test_without_a_run_every_instance_that_is_not_ready_counts(states: list[str], count: int) -> None:
    assert shortfall(OLD, OLD_SERVES, instances(*states), in_run=False) == count


@pytest.mark.parametrize(
    ("states", "count"),
    [
        pytest.param(["1 ready", "1 ready"], 0, id="the new ones do not exist yet"),
        pytest.param(["1 ready", "1 ready", "2 starting", "2 failed"], 0, id="the new ones do not become ready"),
        pytest.param(["1 ready", "1 unready", "2 starting", "2 starting"], 1, id="an old one becomes unready"),
        pytest.param(["1 ready", "1 starting again", "2 ready", "2 ready"], 1, id="an old one restarts"),
    ],
)
def test_during_a_run_only_revisions_with_traffic_count(states: list[str], count: int) -> None:
    assert shortfall(BOTH, OLD_SERVES, instances(*states), in_run=True) == count


def test_an_interrupted_run_makes_no_difference() -> None:
    seen = instances("1 ready", "1 ready", "2 starting", "2 starting")
    assert shortfall(BOTH, OLD_SERVES, seen, in_run=False) == 2


def test_during_a_run_new_revisions_count_once_they_receive_traffic() -> None:
    seen = instances("1 ready", "1 ready", "2 ready", "2 unready")
    assert shortfall(BOTH, {1: 50.0, 2: 50.0}, seen, in_run=True) == 1


def test_a_revision_without_traffic_may_start_but_not_crash() -> None:
    assert shortfall(OLD, {}, instances("1 starting", "1 starting"), in_run=True) == 0
    assert shortfall(OLD, {}, instances("1 starting again", "1 failed"), in_run=True) == 2
