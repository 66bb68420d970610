import asyncio

import pytest

from kit.tests.driving import answering, ask
from mainstay_kit import Dependency, GracefulStop, Probes, ServiceToken, protect
from mainstay_kit.limits import Limit, Rate
from mainstay_kit.probes.dependency import Dependencies

pytestmark = pytest.mark.anyio
TOKEN = "0123456789abcdef0123456789abcdef"


class Asked:
    def __init__(self, answer: bool | Exception = True) -> None:
        self.times = 0
        self.answer = answer

    async def __call__(self) -> bool:
        self.times += 1
        await asyncio.sleep(0)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


async def never() -> None:
    await asyncio.Event().wait()


@pytest.mark.requirement("P1", "P2", "P3", "P4")
@pytest.mark.parametrize("path", ["/health", "/ready", "/live", "/ping", "/api/monitoring/ready"])
async def test_a_service_without_dependencies_is_well(path: str) -> None:
    assert (await ask(Probes(answering(404)), path)).status == 200


@pytest.mark.requirement("F17")
async def test_a_database_that_is_away_makes_it_unready_and_leaves_it_alive() -> None:
    app = Probes(answering(), dependencies=[Dependency("db", Asked(ConnectionError("no")))])
    assert [(await ask(app, path)).status for path in ("/ready", "/health", "/live")] == [503, 503, 200]


async def test_what_is_not_required_does_not_make_it_unready() -> None:
    app = Probes(answering(), dependencies=[Dependency("mail", Asked(False), required=False)])
    assert (await ask(app, "/ready")).status == 200


async def test_a_dependency_that_does_not_answer_is_down_after_its_time() -> None:
    app = Probes(answering(), dependencies=[Dependency("db", never, within=0.01)], details=lambda _: True)
    reply = await ask(app, "/ready")
    assert reply.status == 503
    assert reply.document["checks"][0]["why"] == "no answer within 0.01 s"  # type: ignore[index]  # a JSON document


async def test_what_is_down_is_told_with_all_parts_around_it_too() -> None:
    app = protect(answering(), dependencies=[Dependency("db", Asked(False))], details=lambda _: True)
    reply = await ask(app, "/health")
    assert (reply.status, reply.document["status"]) == (503, "unavailable")


async def test_dependencies_are_asked_side_by_side() -> None:
    met = asyncio.Barrier(3)
    dependencies = Dependencies([Dependency(str(number), met.wait) for number in range(3)])
    assert all(finding.up for finding in await dependencies.look())


async def test_an_answer_is_kept_so_that_probes_do_not_become_load() -> None:
    clock, asked = Clock(), Asked()
    dependencies = Dependencies([Dependency("db", asked, keep=2.0)], now=clock)
    await asyncio.gather(*(dependencies.look() for _ in range(50)))
    clock.at += 1.9
    await dependencies.look()
    assert asked.times == 1
    clock.at += 0.2
    await dependencies.look()
    assert asked.times == 2


async def test_a_probe_that_hangs_up_does_not_take_the_answer_from_the_others() -> None:
    go = asyncio.Event()
    dependencies = Dependencies([Dependency("db", go.wait)])
    first, second = (asyncio.create_task(dependencies.look()) for _ in range(2))
    await turns()
    first.cancel()
    await turns()
    go.set()
    assert (await second)[0].up


@pytest.mark.requirement("E40")
async def test_only_who_may_reads_what_is_wrong() -> None:
    token = ServiceToken(tokens=[TOKEN])
    app = Probes(answering(), dependencies=[Dependency("db", Asked(False))], details=token.came_with, version="2.0.0")
    assert (await ask(app, "/health")).document == {"status": "unavailable"}
    told = (await ask(app, "/health", headers={"X-Service-Token": TOKEN})).document
    assert (told["version"], told["checks"][0]["name"]) == ("2.0.0", "db")  # type: ignore[index]  # a JSON document


async def test_a_stopping_service_is_not_ready_and_still_alive() -> None:
    stop = GracefulStop()
    stop.stopping = True
    app = Probes(answering(), stop=stop)
    assert [(await ask(app, path)).status for path in ("/ready", "/live")] == [503, 200]


@pytest.mark.requirement("E24")
async def test_no_flood_makes_the_service_look_dead() -> None:
    app = protect(answering(), limits=[Limit("/", Rate(1, 3600))])
    assert [(await ask(app, "/")).status for _ in range(3)] == [200, 429, 429]
    assert {(await ask(app, "/ready")).status for _ in range(5)} == {200}


async def test_the_shape_of_an_older_body_can_be_kept() -> None:
    app = Probes(answering(), shape=lambda document: {"database": "connected", **document})
    assert (await ask(app, "/health")).document["database"] == "connected"


async def turns() -> None:
    """Enough turns of the event loop for everything that can go on to go on."""
    for _ in range(5):
        await asyncio.sleep(0)
