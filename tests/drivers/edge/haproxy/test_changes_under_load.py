"""No request is lost while the edge changes, under a bounded load."""

import asyncio
import os
import time
from signal import SIGKILL

import msgspec
import pytest

from tests.drivers.edge.haproxy.fast_load import fast_backend, fast_load
from tests.drivers.edge.haproxy.http_load import Client, Tally, load, wait_until
from tests.drivers.edge.haproxy.running_proxy import RunningProxy

pytestmark = pytest.mark.slow


@pytest.mark.failure("F70")
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_ten_traffic_switches_lose_no_request(method: str, running: RunningProxy) -> None:
    async with load(running.front_port, method=method) as tally:
        for number in range(10):
            await asyncio.sleep(0.15)
            await running.set_shares({42 if number % 2 == 0 else 41: 100})
    assert tally.not_ok == []
    assert {"old", "new"} <= tally.answers.keys()


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_five_reloads_lose_no_request_and_move_no_traffic(method: str, running: RunningProxy) -> None:
    async with load(running.front_port, method=method) as tally:
        for number in range(5):
            await asyncio.sleep(0.3)
            running.edge = msgspec.structs.replace(running.edge, answer_s=61.0 + number)
            await running.set_shares({41: 100})
    assert tally.not_ok == []
    assert tally.answers.keys() == {"old"}


async def test_fifty_changes_of_the_preview_lose_no_request_and_show_the_new_release_to_no_client(
    running: RunningProxy,
) -> None:
    before = (await running.proxy._api.info())["Pid"]
    async with load(running.front_port) as public, load(running.folders.preview_socket, rate=200) as preview:
        for number in range(50):
            await asyncio.sleep(0.05)
            running.preview = {"web": 42} if number % 2 == 0 else {}
            await running.set_shares({41: 100})
    assert (public.not_ok, preview.not_ok) == ([], [])
    assert public.answers.keys() == {"old"}
    assert {"old", "new"} == preview.answers.keys()
    assert (await running.proxy._api.info())["Pid"] == before


async def test_fifty_switches_of_traffic_lose_no_request_of_the_preview(running: RunningProxy) -> None:
    running.preview = {"web": 42}
    await running.set_shares({41: 100})
    async with load(running.front_port) as public, load(running.folders.preview_socket, rate=200) as preview:
        for number in range(50):
            await asyncio.sleep(0.05)
            await running.set_shares({42 if number % 2 == 0 else 41: 100})
    assert (public.not_ok, preview.not_ok) == ([], [])
    assert preview.answers.keys() == {"new"}


async def test_reloads_lose_no_request_of_the_preview(running: RunningProxy) -> None:
    running.preview = {"web": 42}
    await running.set_shares({41: 100})
    async with load(running.folders.preview_socket, rate=200) as preview:
        for number in range(5):
            await asyncio.sleep(0.3)
            running.edge = msgspec.structs.replace(running.edge, answer_s=61.0 + number)
            await running.set_shares({41: 100})
    assert preview.not_ok == []
    assert preview.answers.keys() == {"new"}


@pytest.mark.parametrize("percent", [5, 25, 50])
async def test_percentages_are_exact(percent: int, running: RunningProxy) -> None:
    await running.set_shares({41: 100 - percent, 42: percent})
    clients = [Client(running.front_port) for _ in range(6)]
    answers = [await client.request() for _ in range(500) for client in clients]
    for client in clients:
        client.close()
    new = 100 * sum(answer.body == "new" for answer in answers) / len(answers)
    assert new == pytest.approx(percent, abs=0.5)
    assert (await running.proxy.actual()).traffic == {"web": {41: 100 - percent, 42: percent}}


async def test_the_crash_of_a_replica_loses_no_repeatable_request(running: RunningProxy) -> None:
    await running.set_shares({41: 50, 42: 50})
    async with load(running.front_port) as tally:
        await wait_until(lambda: tally.answers["old"] > 100)
        running.old.kill()
        before = tally.answers["new"]
        await wait_until(lambda: tally.answers["new"] > before + 300)
    assert tally.not_ok == []


@pytest.mark.failure("F71")
async def test_a_killed_proxy_serves_again_within_two_seconds(running: RunningProxy) -> None:
    await running.set_shares({42: 100})
    process = running.proxy.process.running()
    assert process is not None
    async with load(running.front_port) as tally:
        await wait_until(lambda: tally.answers["new"] > 100)
        for pid in running.pids(process):
            os.kill(pid, SIGKILL)
        await wait_until(lambda: running.proxy.process.running() is None)
        start = asyncio.get_running_loop().time()
        await running.set_shares({42: 100})
        before = tally.answers["new"]
        await wait_until(lambda: tally.answers["new"] > before + 100)
    assert asyncio.get_running_loop().time() - start < 2
    assert not [answer for answer in tally.not_ok if answer[0].isdigit()]
    assert "old" not in tally.answers


async def wait_for_more(*tallies: Tally) -> None:
    """Wait until each load has more than 20 more responses."""
    wanted = [tally.answers.total() + 20 for tally in tallies]
    await wait_until(lambda: all(tally.answers.total() > least for tally, least in zip(tallies, wanted, strict=True)))


@pytest.mark.failure("F71")
async def test_a_killed_proxy_sends_no_request_to_the_wrong_release_when_it_starts_again(running: RunningProxy) -> None:
    running.preview = {"web": 42}
    await running.set_shares({41: 100})
    async with load(running.front_port) as public, load(running.folders.preview_socket, rate=200) as preview:
        for _ in range(5):
            process = running.proxy.process.running()
            assert process is not None
            for pid in running.pids(process):
                os.kill(pid, SIGKILL)
            await wait_until(lambda: running.proxy.process.running() is None)
            await running.set_shares({41: 100})
            await wait_for_more(public, preview)
    assert public.answers.keys() == {"old"}
    assert preview.answers.keys() == {"new"}
    assert not [answer for answer in (*public.not_ok, *preview.not_ok) if answer[0].isdigit()]


async def test_the_log_has_a_line_for_every_request(running: RunningProxy) -> None:
    async with load(running.front_port) as tally:
        await wait_until(lambda: tally.total > 800)
    entries = await running.wait_for_log_entries(tally.total)
    assert len(entries) == tally.total
    assert (await running.proxy.worker()).dropped_lines == 0


async def test_the_ring_keeps_log_lines_while_no_supervisor_listens(running: RunningProxy) -> None:
    async with load(running.front_port) as tally:
        await wait_until(lambda: tally.total > 100)
        await running.wait_for_log_entries(50)
        await running.log.stop()
        await wait_until(lambda: tally.total > 500)
        await running.log.start()
    await running.wait_for_log_entries(tally.total - 25)


@pytest.mark.failure("F70")
async def test_a_hundred_reloads_at_a_thousand_requests_a_second_lose_none(running: RunningProxy) -> None:
    process, most = running.proxy.process.running(), 0
    assert process is not None
    async with fast_backend(running.folders.state, "fast") as running.old.port:
        await running.set_shares({41: 100})
        async with fast_load(running.front_port, "fast", rate=2500) as tally:
            start = time.perf_counter()
            for number in range(100):
                running.edge = msgspec.structs.replace(running.edge, answer_s=61.0 + number)
                await running.set_shares({41: 100})
                most = max(most, len(running.pids(process)))
                await wait_until(lambda: tally.served.total() >= 1000 * (time.perf_counter() - start))
            served, lasted_s = tally.served.copy(), time.perf_counter() - start
    assert tally.not_ok == []
    assert served.total() >= 1000 * lasted_s
    assert min(served["kept"], served["new"]) > 0.4 * served.total()
    assert most <= 4  # The master, the worker, and those that finish old requests.
    await wait_until(lambda: len(running.pids(process)) == 2)
