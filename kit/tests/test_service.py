import pytest

from kit.tests.driving import call, stub_app
from mainstay_kit import (
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
    Response,
    SecurityHeaders,
    protect,
)

pytestmark = pytest.mark.anyio


class RefuseAll(Part):
    def on_request(self, exchange: Exchange) -> Response:
        return Response(503)


async def is_down() -> bool:
    return False


async def test_a_given_part_replaces_the_default() -> None:
    app = protect(stub_app(), Probes(prefixes=["/api"]), SecurityHeaders(overrides={"X-Frame-Options": "SAMEORIGIN"}))
    assert (await call(app, "/api/live")).document == {"status": "ok"}
    reply = await call(app, "/live")
    assert (reply.body, reply.headers["x-frame-options"]) == (b"hello", "SAMEORIGIN")


async def test_parts_of_other_types_run_last_so_that_probes_respond() -> None:
    app = protect(stub_app(), RefuseAll())
    assert (await call(app, "/ready")).status == 200
    assert (await call(app, "/")).status == 503


async def test_readiness_follows_the_stop_of_default_and_given_parts() -> None:
    stop = GracefulStop()
    app = protect(stub_app(), stop, Probes(prefixes=["", "/api"]))
    stop.stopping = True
    assert [(await call(app, path)).status for path in ("/ready", "/api/ready", "/live")] == [503, 503, 200]


async def test_a_given_part_is_used_once() -> None:
    app = protect(stub_app(), RateLimit(limits=[Limit("/", Rate(2, 60))]))
    assert [(await call(app)).status for _ in range(2)] == [200, 200]


async def test_a_second_part_of_a_type_runs_after_the_first() -> None:
    limits = [RateLimit(limits=[Limit("/", Rate(rate, 60))]) for rate in (5, 1)]
    app = protect(stub_app(), *limits)
    assert [(await call(app)).status for _ in range(2)] == [200, 429]


@pytest.mark.parametrize(
    ("part", "settings"),
    [
        pytest.param(Cors(origins=[]), {"origins": ["https://a.example"]}, id="origins and Cors"),
        pytest.param(Probes(), {"dependencies": [Dependency("db", is_down)]}, id="dependencies and Probes"),
        pytest.param(RateLimit(limits=[]), {"limits": [Limit("/", Rate(1, 1))]}, id="limits and RateLimit"),
    ],
)
def test_arguments_that_would_be_ignored_are_refused(part: Part, settings: dict[str, object]) -> None:
    with pytest.raises(Misconfigured, match="pass them to"):
        protect(stub_app(), part, **settings)  # type: ignore[arg-type]  # each has another type
