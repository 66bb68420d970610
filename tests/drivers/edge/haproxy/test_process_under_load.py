"""Nothing is lost while the edge changes: bounded load on a real HAProxy."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from signal import SIGKILL

import msgspec
import pytest

from tests.drivers.edge.haproxy.stage import Stage, stage
from tests.drivers.edge.haproxy.traffic import Client, load, until

Story = Callable[[Stage], Awaitable[None]]
pytestmark = pytest.mark.slow


def played(story: Story) -> None:
    async def whole() -> None:
        async with stage() as here:
            await story(here)

    asyncio.run(whole())


@pytest.mark.failure("F70")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_ten_switches_lose_nothing(method: str) -> None:
    async def story(here: Stage) -> None:
        async with load(here.front, method=method) as tally:
            for number in range(10):
                await asyncio.sleep(0.15)
                await here.give({42 if number % 2 == 0 else 41: 100})
        assert tally.lost == []
        assert {"old", "new"} <= tally.answers.keys()

    played(story)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_five_reloads_lose_no_request_and_move_no_traffic(method: str) -> None:
    async def story(here: Stage) -> None:
        async with load(here.front, method=method) as tally:
            for number in range(5):
                await asyncio.sleep(0.3)
                here.edge = msgspec.structs.replace(here.edge, answer_s=61.0 + number)
                await here.give({41: 100})
        assert tally.lost == []
        assert tally.answers.keys() == {"old"}

    played(story)


@pytest.mark.parametrize("percent", [5, 25, 50])
def test_percentages_are_exact(percent: int) -> None:
    async def story(here: Stage) -> None:
        await here.give({41: 100 - percent, 42: percent})
        clients = [Client(here.front) for _ in range(6)]
        answers = [await client.ask() for _ in range(500) for client in clients]
        for client in clients:
            client.close()
        new = 100 * sum(answer.body == "new" for answer in answers) / len(answers)
        assert new == pytest.approx(percent, abs=0.5)
        assert await here.proxy.actual_traffic() == {"web": {41: 100 - percent, 42: percent}}

    played(story)


def test_the_crash_of_a_replica_loses_no_repeatable_request() -> None:
    async def story(here: Stage) -> None:
        await here.give({41: 50, 42: 50})
        async with load(here.front) as tally:
            await until(lambda: tally.answers["old"] > 100)
            here.old.kill()
            before = tally.answers["new"]
            await until(lambda: tally.answers["new"] > before + 300)
        assert tally.lost == []

    played(story)


@pytest.mark.failure("F71")
def test_a_killed_proxy_serves_again_within_a_moment() -> None:
    async def story(here: Stage) -> None:
        await here.give({42: 100})
        process = here.proxy.process()
        assert process is not None
        async with load(here.front) as tally:
            await until(lambda: tally.answers["new"] > 100)
            for pid in here.members(process):
                os.kill(pid, SIGKILL)
            await until(lambda: here.proxy.process() is None)
            began = asyncio.get_running_loop().time()
            await here.give({42: 100})
            before = tally.answers["new"]
            await until(lambda: tally.answers["new"] > before + 100)
        assert asyncio.get_running_loop().time() - began < 2
        assert not [answer for answer in tally.lost if answer[0].isdigit()]
        assert "old" not in tally.answers

    played(story)


def test_the_log_has_a_line_for_every_request() -> None:
    async def story(here: Stage) -> None:
        async with load(here.front) as tally:
            await until(lambda: tally.total > 800)
        entries = await here.until_logged(tally.total)
        assert len(entries) == tally.total
        assert await here.proxy.dropped_lines() == 0

    played(story)


def test_while_no_supervisor_listens_the_ring_keeps_the_lines() -> None:
    async def story(here: Stage) -> None:
        async with load(here.front) as tally:
            await until(lambda: tally.total > 100)
            await here.until_logged(50)
            await here.log.stop()
            await until(lambda: tally.total > 500)
            await here.log.start()
        await here.until_logged(tally.total - 25)

    played(story)
