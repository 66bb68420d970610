import pytest

from kit.tests.driving import answering, ask
from mainstay_kit import (
    Answer,
    Cors,
    Dependency,
    Exchange,
    GracefulStop,
    Limit,
    Misconfigured,
    Part,
    Probes,
    Rate,
    RateLimit,
    SecurityHeaders,
    protect,
)

pytestmark = pytest.mark.anyio


class Closed(Part):
    def enter(self, exchange: Exchange) -> Answer:
        return Answer(503)


async def away() -> bool:
    return False


async def test_a_part_that_is_given_takes_the_place_of_the_default_one() -> None:
    app = protect(answering(), Probes(prefixes=["/api"]), SecurityHeaders(others={"X-Frame-Options": "SAMEORIGIN"}))
    assert (await ask(app, "/api/live")).document == {"status": "ok"}
    reply = await ask(app, "/live")
    assert (reply.body, reply.headers["x-frame-options"]) == (b"hello", "SAMEORIGIN")


async def test_parts_of_other_kinds_come_last_so_that_probes_are_answered() -> None:
    app = protect(answering(), Closed())
    assert (await ask(app, "/ready")).status == 200
    assert (await ask(app, "/")).status == 503


async def test_readiness_follows_the_stop_whoever_made_the_parts() -> None:
    stop = GracefulStop()
    app = protect(answering(), stop, Probes(prefixes=["", "/api"]))
    stop.stopping = True
    assert [(await ask(app, path)).status for path in ("/ready", "/api/ready", "/live")] == [503, 503, 200]


async def test_a_part_that_is_given_is_there_once() -> None:
    app = protect(answering(), RateLimit(limits=[Limit("/", Rate(2, 60))]))
    assert [(await ask(app)).status for _ in range(2)] == [200, 200]


async def test_a_second_part_of_a_kind_comes_after_the_first() -> None:
    limits = [RateLimit(limits=[Limit("/", Rate(rate, 60))]) for rate in (5, 1)]
    app = protect(answering(), *limits)
    assert [(await ask(app)).status for _ in range(2)] == [200, 429]


@pytest.mark.parametrize(
    ("part", "settings"),
    [
        pytest.param(Cors(origins=[]), {"origins": ["https://a.example"]}, id="origins beside Cors"),
        pytest.param(Probes(), {"dependencies": [Dependency("db", away)]}, id="dependencies beside Probes"),
        pytest.param(RateLimit(limits=[]), {"limits": [Limit("/", Rate(1, 1))]}, id="limits beside RateLimit"),
    ],
)
def test_settings_that_would_be_lost_are_refused(part: Part, settings: dict[str, object]) -> None:
    with pytest.raises(Misconfigured, match="give them to"):
        protect(answering(), part, **settings)  # type: ignore[arg-type]  # each has another type
