import asyncio

import pytest

from kit.tests.driving import call, stub_app
from mainstay_kit import Dependency, GracefulStop, Probes, ServiceToken, protect
from mainstay_kit.limits import Limit, Rate
from mainstay_kit.probes.dependency import Dependencies

pytestmark = pytest.mark.anyio
TOKEN = "0123456789abcdef0123456789abcdef"


class FakeCheck:
    def __init__(self, answer: bool | Exception = True) -> None:
        self.calls = 0
        self.response = answer

    async def __call__(self) -> bool:
        self.calls += 1
        await asyncio.sleep(0)
        if isinstance(self.response, Exception):
            raise self.response
        return self.response


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


async def never_returns() -> None:
    await asyncio.Event().wait()


@pytest.mark.requirement("P1", "P2", "P3", "P4")
@pytest.mark.parametrize("path", ["/health", "/ready", "/live", "/ping", "/api/monitoring/ready"])
async def test_a_service_without_dependencies_is_healthy(path: str) -> None:
    assert (await call(Probes(stub_app(404)), path)).status == 200


@pytest.mark.requirement("F17")
async def test_an_unavailable_database_makes_the_service_unready_but_live() -> None:
    app = Probes(stub_app(), dependencies=[Dependency("db", FakeCheck(ConnectionError("no")))])
    assert [(await call(app, path)).status for path in ("/ready", "/health", "/live")] == [503, 503, 200]


async def test_an_optional_dependency_does_not_affect_readiness() -> None:
    app = Probes(stub_app(), dependencies=[Dependency("mail", FakeCheck(False), required=False)])
    assert (await call(app, "/ready")).status == 200


async def test_a_dependency_is_down_after_its_timeout() -> None:
    app = Probes(
        stub_app(), dependencies=[Dependency("db", never_returns, timeout=0.01)], may_read_details=lambda _: True
    )
    reply = await call(app, "/ready")
    assert reply.status == 503
    assert reply.document["checks"][0]["why"] == "no response within 0.01 s"  # type: ignore[index]  # a JSON document


async def test_a_5xx_health_document_is_not_rewritten() -> None:
    app = protect(stub_app(), dependencies=[Dependency("db", FakeCheck(False))], may_read_details=lambda _: True)
    reply = await call(app, "/health")
    assert (reply.status, reply.document["status"]) == (503, "unavailable")


async def test_dependencies_are_checked_concurrently() -> None:
    met = asyncio.Barrier(3)
    dependencies = Dependencies([Dependency(str(number), met.wait) for number in range(3)])
    assert all(finding.up for finding in await dependencies.check_all())


async def test_check_results_are_cached() -> None:
    clock, check = Clock(), FakeCheck()
    dependencies = Dependencies([Dependency("db", check, cache_seconds=2.0)], now=clock)
    await asyncio.gather(*(dependencies.check_all() for _ in range(50)))
    clock.at += 1.9
    await dependencies.check_all()
    assert check.calls == 1
    clock.at += 0.2
    await dependencies.check_all()
    assert check.calls == 2


async def test_a_cancelled_probe_does_not_cancel_the_check_for_others() -> None:
    finish = asyncio.Event()
    dependencies = Dependencies([Dependency("db", finish.wait)])
    first, second = (asyncio.create_task(dependencies.check_all()) for _ in range(2))
    await run_event_loop()
    first.cancel()
    await run_event_loop()
    finish.set()
    assert (await second)[0].up


@pytest.mark.requirement("E40")
async def test_details_are_shown_only_with_permission() -> None:
    token = ServiceToken(tokens=[TOKEN])
    app = Probes(
        stub_app(),
        dependencies=[Dependency("db", FakeCheck(False))],
        may_read_details=token.has_valid_token,
        version="2.0.0",
    )
    assert (await call(app, "/health")).document == {"status": "unavailable"}
    document = (await call(app, "/health", headers={"X-Service-Token": TOKEN})).document
    assert (document["version"], document["checks"][0]["name"]) == ("2.0.0", "db")  # type: ignore[index]  # a JSON document


async def test_a_stopping_service_is_unready_but_live() -> None:
    stop = GracefulStop()
    stop.stopping = True
    app = Probes(stub_app(), stop=stop)
    assert [(await call(app, path)).status for path in ("/ready", "/live")] == [503, 200]


@pytest.mark.requirement("E24")
async def test_probes_are_not_rate_limited() -> None:
    app = protect(stub_app(), limits=[Limit("/", Rate(1, 3600))])
    assert [(await call(app, "/")).status for _ in range(3)] == [200, 429, 429]
    assert {(await call(app, "/ready")).status for _ in range(5)} == {200}


async def test_the_health_document_can_be_converted() -> None:
    app = Probes(stub_app(), shape=lambda document: {"database": "connected", **document})
    assert (await call(app, "/health")).document["database"] == "connected"


async def run_event_loop() -> None:
    """Enough turns of the event loop for everything that can go on to go on."""
    for _ in range(5):
        await asyncio.sleep(0)
