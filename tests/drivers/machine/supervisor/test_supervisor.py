"""A start interrupts a stop at any moment, and other tasks run between passes."""

import asyncio

import pytest

from mainstay.drivers.machine.supervisor.supervisor import Supervisor
from mainstay.system.clock import SystemClock
from mainstay.system.state_dir import Folders
from tests.drivers.machine.machine import Machine


@pytest.mark.slow
@pytest.mark.parametrize("delay_ms", range(0, 300, 20))
def test_a_start_at_any_moment_of_a_stop_starts_the_environment(machine: Machine, delay_ms: int) -> None:
    machine.start_release_1()
    machine.target.stop()
    SystemClock().pause(delay_ms / 1000)
    machine.target.start()
    machine.wait_until(lambda: machine.is_ready(1, 2), "both instances")
    machine.wait_for_traffic({1: 100.0})


@pytest.fixture
def supervisor(folders: Folders) -> Supervisor:
    async def create() -> Supervisor:
        return Supervisor(folders)

    return asyncio.run(create())


def test_other_tasks_run_although_the_supervisor_is_woken_in_every_pass(supervisor: Supervisor) -> None:
    async def run() -> bool:
        ran: list[bool] = []
        asyncio.get_running_loop().call_soon(ran.append, True)
        supervisor._woken.set()
        await supervisor._until(float("inf"))
        return bool(ran)

    assert asyncio.run(run())
