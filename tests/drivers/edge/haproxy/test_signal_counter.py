"""Signals: requests are counted by how they ended, per release and instance, from real lines of the log."""

import asyncio

import pytest

from mainstay.drivers.edge.haproxy.signal_counter import BUSY_SHARE, MOST_SOURCES, REMEMBERED_S, SignalCounter
from mainstay.drivers.edge.haproxy.slots import Slot
from mainstay.model.signals import Counts, SignalSource, by_release
from tests.drivers.edge.haproxy.http_load import Client, load, wait_until
from tests.drivers.edge.haproxy.running_proxy import LINE, RunningProxy

OLD, NEW = ("web", 41), ("web", 42)


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def counter(clock: Clock) -> SignalCounter:
    return SignalCounter(clock)


def line(**fields: str | int) -> bytes:
    """A line of the log with other values in these fields."""
    text = LINE
    for name, value in fields.items():
        start = text.index(f'"{name}":'.encode()) + len(name) + 3
        end = text.index(b"}" if name == "id" else b",", start)
        text = text[:start] + (b"%d" % value if isinstance(value, int) else f'"{value}"'.encode()) + text[end:]
    return text + b"\n"


def only(counter: SignalCounter) -> Counts:
    ((_, counts),) = counter.signals().counts
    return counts


@pytest.mark.parametrize(
    ("status", "ended", "requests", "errors", "aborted", "timed"),
    [
        (200, "--", 1, 0, 0, 1),
        (404, "--", 1, 0, 0, 1),
        (500, "--", 1, 1, 0, 1),
        (503, "--", 1, 1, 0, 1),
        (502, "SH", 1, 1, 0, 1),
        (504, "sH", 1, 1, 0, 1),
        (503, "SC", 1, 1, 0, 1),
        (200, "SD", 1, 1, 0, 1),
        (200, "sD", 1, 1, 0, 1),
        (502, "PH", 1, 1, 0, 1),
        (200, "CD", 0, 0, 1, 0),
        (408, "cR", 0, 0, 1, 0),
        (0, "CH", 0, 0, 1, 1),
    ],
)
def test_a_request_is_counted_by_how_it_ended(
    status: int, ended: str, requests: int, errors: int, aborted: int, timed: int, counter: SignalCounter
) -> None:
    counter.add(line(status=status, ended=ended))
    found = only(counter)
    assert (found.requests, found.errors, found.aborted, found.latency.count) == (requests, errors, aborted, timed)


@pytest.mark.parametrize(("status", "redirects"), [(200, 0), (302, 1), (308, 1), (304, 0), (404, 0), (503, 0)])
def test_a_redirect_is_counted(status: int, redirects: int, counter: SignalCounter) -> None:
    counter.add(line(status=status))
    assert only(counter).redirects == redirects


def test_the_time_is_what_a_client_waited_for_the_beginning_of_the_response(counter: SignalCounter) -> None:
    counter.add(line(queue_ms=100, connect_ms=20, answer_ms=80, total_ms=5000))
    assert only(counter).latency.quantile_ms(0.5) == pytest.approx(200, rel=0.05)


def test_the_time_of_a_request_that_its_client_gave_up_is_all_of_it(counter: SignalCounter) -> None:
    counter.add(line(status=0, ended="CH", answer_ms=-1, total_ms=30_000))
    assert only(counter).latency.quantile_ms(0.5) == pytest.approx(30_000, rel=0.05)


def test_an_instance_is_named_only_while_its_slot_has_its_release(counter: SignalCounter) -> None:
    counter.place([Slot("web", 2, release=41, instance="web-41-1")])
    counter.add(line(slot="web.s2", release="41"))
    counter.add(line(slot="web.s2", release="42"))
    assert [source.instance for source, _ in counter.signals().counts] == ["web-41-1", ""]


def test_the_counts_of_an_instance_that_is_gone_are_those_of_its_release(counter: SignalCounter) -> None:
    counter.place([Slot("web", 2, release=41, instance="web-41-1")])
    counter.add(line(slot="web.s2", release="41"))
    counter.place([])
    counter.add(line(slot="web.s2", release="41"))
    assert [(source, counts.requests) for source, counts in counter.signals().counts] == [(SignalSource("web", 41), 2)]


def test_a_line_that_cannot_be_read_is_lost(counter: SignalCounter) -> None:
    counter.add(b"{\n" + line())
    counter.add_lost(3)
    assert (counter.signals().lost, only(counter).requests) == (4, 1)


def test_lines_beyond_the_share_of_a_second_are_skipped_and_reported(clock: Clock, counter: SignalCounter) -> None:
    def slow() -> float:
        clock.now_s += BUSY_SHARE / 2
        return clock.now_s

    busy = SignalCounter(slow)
    for _ in range(5):
        busy.add(line() * 2)
    signals = busy.signals()
    counted = sum(counts.requests for _, counts in signals.counts)
    assert signals.lost > 0
    assert counted + signals.lost == 10


def test_paths_do_not_take_memory(counter: SignalCounter) -> None:
    for number in range(1000):
        counter.add(line(path=f"/{number}", id=f"{number}"))
    assert only(counter).requests == 1000


def test_the_oldest_releases_are_forgotten(counter: SignalCounter) -> None:
    for release in range(1, MOST_SOURCES + 11):
        counter.add(line(release=f"{release}"))
    releases = [source.release for source, _ in counter.signals().counts]
    assert (len(releases), min(releases)) == (MOST_SOURCES, 11)


def test_failed_attempts_are_counted_per_worker(counter: SignalCounter) -> None:
    counter.place([Slot("web", 2, release=41, instance="web-41-1")])
    for worker, total in (("100", 2), ("100", 5), ("200", 1)):
        counter.add_failures(worker, {"web.s2": total, "web.s1": 7})
    assert only(counter).refused == 6


def test_a_late_request_is_counted_once_whether_or_not_it_has_ended(counter: SignalCounter) -> None:
    counter.place([Slot("web", 2, release=41, instance="web-41-1")])
    for waiting in ({"0x1": "web.s2"}, {"0x1": "web.s2", "0x2": "web.s2"}, {}, {"0x1": "web.s2"}):
        counter.add_late(waiting)
    assert (only(counter).late, only(counter).timed) == (3, 3)


def test_a_late_request_that_has_ended_is_one_of_the_timed_requests(counter: SignalCounter) -> None:
    counter.place([Slot("web", 2, release=41, instance="web-41-1")])
    counter.add_late({"0x1": "web.s2", "0x2": "web.s2"})
    counter.add(line(slot="web.s2", release="41", answer_ms=6000) + line(slot="web.s2", release="41"))
    found = by_release(dict(counter.signals().counts))["web", 41]
    assert (found.late, found.requests, found.timed) == (2, 2, 3)


@pytest.mark.parametrize(("status", "errors"), [(200, 0), (301, 0), (400, 1), (404, 1), (499, 1), (500, 0)])
def test_a_status_from_400_to_499_is_a_client_error(status: int, errors: int, counter: SignalCounter) -> None:
    counter.add(line(status=status))
    assert only(counter).client_errors == errors


def test_the_counters_of_a_minute_ago_are_remembered(clock: Clock, counter: SignalCounter) -> None:
    for _ in range(200):
        counter.add(line())
        counter.remember()
        clock.now_s += 1
    now, then = counter.signals(), counter.signals(REMEMBERED_S)
    (counts,) = now.since(then).values()
    assert counts.requests == pytest.approx(now.at_s - then.at_s, abs=1)
    assert now.at_s - then.at_s == pytest.approx(REMEMBERED_S, abs=5)


def test_new_counters_have_another_epoch(counter: SignalCounter) -> None:
    counter.add(line())
    restarted = SignalCounter()
    restarted.add(line())
    (counts,) = restarted.signals().since(counter.signals()).values()
    assert counts.requests == 1


async def test_the_counts_are_what_the_clients_saw(running: RunningProxy) -> None:
    running.new.status = 500
    await running.set_shares({41: 50, 42: 50})
    signals = running.log.signals
    signals.place(running.slots({41: 50, 42: 50}))
    async with load(running.front_port, rate=500) as tally:
        await wait_until(lambda: tally.total >= 300)
    await wait_until(lambda: sum(each.requests for each in counted(running).values()) >= tally.total)
    found = counted(running)
    assert found[OLD].requests == sum(tally.answers.values())
    assert (found[NEW].requests, found[NEW].errors) == (len(tally.not_ok), len(tally.not_ok))
    assert found[OLD].errors == signals.signals().lost == 0
    assert {(source.instance, source.route) for source, _ in signals.signals().counts} == {
        ("web-41-1", "/"),
        ("web-42-1", "/"),
    }


async def test_calls_between_services_have_no_route(running: RunningProxy) -> None:
    await Client(running.listener_port).request()
    await wait_until(lambda: running.log.signals.signals().counts)
    assert [source.route for source, _ in running.log.signals.signals().counts] == [""]


async def test_a_refused_connection_counts_for_the_instance_that_refused_it(running: RunningProxy) -> None:
    await running.set_shares({41: 50, 42: 50})
    signals = running.log.signals
    signals.place(running.slots({41: 50, 42: 50}))
    running.new.kill()
    statuses = [await running.request() for _ in range(4)]
    assert statuses == ["200 old"] * 4
    signals.add_failures((await running.proxy.worker()).pid, await running.proxy.failed_attempts())
    assert (counted(running)[NEW].refused, counted(running)[NEW].requests) == (1, 0)


async def test_a_client_that_gives_up_is_no_error(running: RunningProxy) -> None:
    waiting = asyncio.create_task(Client(running.front_port).request("/slow"))
    await wait_until(lambda: len(running.old.requests) == 1)
    _, writer = await asyncio.open_connection("127.0.0.1", running.front_port)
    writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
    await wait_until(lambda: len(running.old.requests) == 2)
    writer.transport.abort()
    running.old.released.set()
    await waiting
    await wait_until(lambda: sum(each.requests + each.aborted for each in counted(running).values()) >= 2)
    found = counted(running)[OLD]
    assert (found.requests + found.aborted, found.errors) == (2, 0)


def counted(running: RunningProxy) -> dict[tuple[str, int], Counts]:
    return by_release(dict(running.log.signals.signals().counts))
