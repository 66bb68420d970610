"""A release that does not work never takes traffic, goes back by itself, and its message says what was wrong."""

import pytest

from tests.journeys.load import Load
from tests.journeys.parrot import Parrot
from tests.journeys.place import Place
from tests.journeys.whole import assert_whole

pytestmark = pytest.mark.slow

SICK = {
    "ends at once": (Parrot("2", behaviour={"crash_after": 0, "crash_code": 7}), ("exit code 7", "out of ink")),
    "ready, then ends": (Parrot("2", behaviour={"crash_after": 0.2, "crash_code": 3}), ("exit code 3", "out of ink")),
    "never ready": (
        Parrot("2", behaviour={"never_ready": "yes"}, within="2s"),
        ("(within 2 s, steady for 0.3 s): 0 of 1 ready", "/health → 503", "version 2 listens"),
    ),
    "cannot be started": (Parrot("2", service={"command": ["./no-such-program"]}), ("no-such-program",)),
    "listens elsewhere": (
        Parrot("2", within="4s", service={"command": ["{python}", "-m", "http.server", "--bind", "127.0.0.1", "0"]}),
        ("listens on 127.0.0.1:", "but PORT is ", "→ connection refused"),
    ),
}


@pytest.mark.failure("F66")
@pytest.mark.parametrize(("parrot", "words"), SICK.values(), ids=SICK)
def test_a_sick_release_goes_back_by_itself(place: Place, parrot: Parrot, words: tuple[str, ...]) -> None:
    place.ship(Parrot("1"))
    place.holds(parrot)
    with Load(place.url, rate=100) as load:
        said = place.run("deploy", "--yes", ends=1)
    assert load.stop().lost == []
    assert set(load.tally.releases) == {"1"}
    assert [word for word in words if word not in said.out + said.err] == [], said
    assert assert_whole(place)["release"]["version"] == "1"
    assert place.ask("history")[0]["outcome"] == "undone"


def test_a_first_release_that_is_sick_leaves_nothing_that_runs(place: Place) -> None:
    place.holds(Parrot(behaviour={"crash_after": 0}))
    place.run("up", "--yes", ends=1)
    assert place.instances() == []
    assert place.run("status", ends=1).code == 1
    place.ship(Parrot("2"))
    assert assert_whole(place)["release"]["number"] == 2


@pytest.mark.failure("F69")
def test_what_ignores_sigterm_is_ended_and_the_deploy_is_not_held_up(place: Place) -> None:
    stubborn: dict[str, object] = {"ignores_sigterm": "yes"}
    killed = "1 instance killed with SIGKILL because it ignored SIGTERM for 2 s"
    place.ship(Parrot("1", behaviour=stubborn))
    said = place.ship(Parrot("2", behaviour=stubborn), "deploy", "--yes")
    assert killed in said.out, said
    assert assert_whole(place)["release"]["version"] == "2"
    assert killed in place.run("down", "--yes").out


def test_one_of_two_services_being_sick_takes_both_back(place: Place) -> None:
    place.ship(two("1"))
    place.holds(two("2", command=["{python}", "-c", "raise SystemExit(9)"]))
    said = place.run("deploy", "--yes", ends=1)
    assert "exit code 9" in said.out + said.err
    status = place.status()
    assert {one["release"] for service in status["services"] for one in service["instances"]} == {1}
    assert place.get() == (200, "version 1")


def two(version: str, command: list[str] | None = None) -> Parrot:
    """A parrot with a worker beside its web service; both change with the version."""

    class Pair(Parrot):
        def manifest(self) -> dict[str, object]:
            whole = super().manifest()
            worker = {"source": "web", "command": command or ["{python}", "-c", "import time; time.sleep(1e6)"]}
            whole["services"]["worker"] = worker | {"steady": "300ms", "drain": "0s", "stop_grace_period": "1s"}
            return whole

    return Pair(version)
