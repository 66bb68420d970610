"""A run dies after it moved traffic, and nobody comes back: people are not left on a release that nobody observes."""

import pytest

from tests.journeys.load import Load
from tests.journeys.machine import until
from tests.journeys.parrot import Parrot
from tests.journeys.place import Place
from tests.journeys.whole import assert_whole

UNWATCHED_S = 5

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.mark.failure("F6")
def test_traffic_goes_home_by_itself(place: Place) -> None:
    place.ship(Parrot("1"))
    strategy = {"settle": "5m", "revert_after": f"{UNWATCHED_S}s"}
    place.holds(Parrot("2", service={"strategy": strategy}))
    deploy = place.begin("deploy", "--yes")
    deploy.event("started", "settle")
    url = place.url
    assert place.get(url=url) == (200, "version 2")
    with Load(url, rate=20, longest_s=UNWATCHED_S + 60) as load:
        deploy.kill()
        until(lambda: place.get(url=url) == (200, "version 1"), within=UNWATCHED_S + 20, what="traffic at home")
    assert load.stop().lost == [], load.tally
    assert place.run("status", ends=1).code == 1
    place.run("abort")
    assert assert_whole(place)["release"]["version"] == "1"
