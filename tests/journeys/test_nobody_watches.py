"""A run dies after it moved traffic, and nobody comes back: people are not left on a release that nobody observes."""

import pytest

from mainstay.steps.set_traffic import RENEWED_WITHIN_S
from tests.journeys.load import Load
from tests.journeys.machine import until
from tests.journeys.parrot import Parrot
from tests.journeys.place import Place
from tests.journeys.whole import assert_whole

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.mark.failure("F6")
def test_traffic_goes_home_by_itself(place: Place) -> None:
    place.ship(Parrot("1"))
    place.holds(Parrot("2", settle="5m"))
    deploy = place.begin("deploy", "--yes")
    deploy.event("started", "settle")
    url = place.url
    assert place.get(url=url) == (200, "version 2")
    with Load(url, rate=20, longest_s=RENEWED_WITHIN_S + 60) as load:
        deploy.kill()
        until(lambda: place.get(url=url) == (200, "version 1"), within=RENEWED_WITHIN_S + 20, what="traffic at home")
    assert load.stop().lost == [], load.tally
    assert place.run("status", ends=1).code == 1
    place.run("abort")
    assert assert_whole(place)["release"]["version"] == "1"
