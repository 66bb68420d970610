"""New takes over from old while people use it: nothing is lost and nothing is done twice."""

import pytest

from tests.journeys.load import Load, Tally
from tests.journeys.parrot import Parrot
from tests.journeys.place import Place
from tests.journeys.whole import assert_whole

pytestmark = pytest.mark.slow
RATE = 320.0


@pytest.mark.goal("G2")
def test_a_deploy_and_a_rollback_under_load_lose_nothing(anyones: Place) -> None:
    anyones.ship(Parrot("1", replicas=2))
    with Load(anyones.url, rate=RATE, posts=True) as load:
        anyones.ship(Parrot("2", replicas=2), "deploy", "--yes")
        anyones.run("rollback", "--yes")
    tally = load.stop()
    assert tally.lost == [], tally
    assert set(tally.releases) == {"1", "2"}, tally
    assert assert_whole(anyones)["release"]["version"] == "1"
    assert_posted_once(anyones, tally)


def test_slow_answers_are_waited_for_when_their_instance_leaves(place: Place) -> None:
    place.ship(Parrot("1", behaviour={"answer_after": 1.5}))
    with Load(place.url, rate=20) as load:
        place.ship(Parrot("2"), "deploy", "--yes")
    assert load.stop().lost == [], load.tally
    assert set(load.tally.releases) == {"1", "2"}


def test_several_deploys_in_a_row_under_load_lose_nothing(place: Place) -> None:
    place.ship(Parrot("1"))
    with Load(place.url, rate=RATE, posts=True) as load:
        for version in ("2", "3", "4"):
            place.ship(Parrot(version), "deploy", "--yes")
        place.run("rollback", "--to", "2", "--yes")
    tally = load.stop()
    assert tally.lost == [], tally
    assert assert_whole(place)["release"]["version"] == "2"
    assert_posted_once(place, tally)


def assert_posted_once(place: Place, tally: Tally) -> None:
    sent = sorted(answer.path.removeprefix("POST ") for answer in tally.answers if answer.path.startswith("POST"))
    assert len(sent) > 20
    assert sorted(place.posted()) == sent
