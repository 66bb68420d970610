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


HALF: Shares = {1: 50.0, 2: 50.0}


@pytest.mark.parametrize(
    ("wanted", "shares", "states", "count"),
    [
        pytest.param(BOTH, OLD_SERVES, "1 ready, 1 ready", 0, id="the new ones do not exist yet"),
        pytest.param(BOTH, OLD_SERVES, "1 ready, 1 ready, 2 starting, 2 failed", 0, id="the new ones stay unready"),
        pytest.param(BOTH, OLD_SERVES, "1 ready, 1 unready, 2 starting", 1, id="an old one becomes unready"),
        pytest.param(BOTH, OLD_SERVES, "1 ready, 1 starting again, 2 ready, 2 ready", 1, id="an old one restarts"),
        pytest.param(BOTH, HALF, "1 ready, 1 ready, 2 ready, 2 unready", 1, id="a new one with traffic is unready"),
        pytest.param(OLD, {}, "1 starting, 1 starting", 0, id="without traffic it may start"),
        pytest.param(OLD, {}, "1 starting again, 1 failed", 2, id="without traffic it may not crash"),
    ],
)
def test_during_a_run_only_revisions_with_traffic_count(
    wanted: Members, shares: Shares, states: str, count: int
) -> None:
    assert shortfall(wanted, shares, instances(*states.split(", ")), in_run=True) == count


def test_an_interrupted_run_makes_no_difference() -> None:
    seen = instances("1 ready", "1 ready", "2 starting", "2 starting")
    assert shortfall(BOTH, OLD_SERVES, seen, in_run=False) == 2
