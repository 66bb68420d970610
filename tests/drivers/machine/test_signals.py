"""The signals of a real supervisor: requests are counted as long as it runs, from zero after each start."""

import asyncio

import pytest

from mainstay.errors import Unreachable
from mainstay.model.signals import by_release
from tests.drivers.edge.haproxy.http_load import Client
from tests.drivers.machine.machine import Machine


def send_requests(machine: Machine, count: int) -> None:
    port = int(machine.target.traffic_status().url.rpartition(":")[2])

    async def send() -> None:
        client = Client(port)
        for _ in range(count):
            assert (await client.request()).status == 200
        client.close()

    asyncio.run(send())


def counted(machine: Machine) -> int:
    return sum(counts.requests for counts in by_release(dict(machine.target.signals().counts)).values())


def test_requests_are_counted_with_the_instance_that_answered(machine: Machine) -> None:
    machine.start_release_1()
    send_requests(machine, 20)
    machine.wait_until(lambda: counted(machine) == 20, "20 counted requests")
    assert {source.release for source, _ in machine.target.signals().counts} == {1}
    assert {source.instance[:5] for source, _ in machine.target.signals().counts} == {"web-1"}


@pytest.mark.slow
def test_a_request_is_late_while_its_response_has_not_begun(machine: Machine) -> None:
    machine.start_release_1()
    port = int(machine.target.traffic_status().url.rpartition(":")[2])

    def late() -> int:
        return sum(counts.late for counts in by_release(dict(machine.target.signals().counts)).values())

    async def wait_for_a_response_that_does_not_come() -> None:
        waiting = asyncio.create_task(Client(port).request("/slow=60"))
        await asyncio.to_thread(machine.wait_until, lambda: late() == 1, "a late request")
        waiting.cancel()

    asyncio.run(wait_for_a_response_that_does_not_come())


def test_a_restarted_supervisor_counts_from_zero(machine: Machine) -> None:
    machine.start_release_1()
    send_requests(machine, 5)
    before = machine.target.signals()
    machine.restart_supervisor()
    send_requests(machine, 10)
    # HAProxy may lose the line that it was about to send to the killed supervisor.
    machine.wait_until(lambda: counted(machine) in (9, 10), "10 counted requests")
    now = machine.target.signals()
    assert now.epoch != before.epoch
    assert sum(counts.requests for counts in now.since(before).values()) == counted(machine)


def test_nothing_is_counted_without_a_supervisor(machine: Machine) -> None:
    machine.start_release_1()
    machine.kill_supervisor()
    with pytest.raises(Unreachable, match="the supervisor is not running, so requests are not counted"):
        machine.target.signals()
