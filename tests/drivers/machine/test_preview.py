"""The preview door of a real supervisor: it leads to new revisions before, during and after every interruption."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mainstay.errors import FenceRefused
from mainstay.model import Health, Listener, Member, Shift, TrafficLease, Value, Workload
from tests.drivers.edge.haproxy.http_load import Client
from tests.drivers.machine.machine import EDGE, PATH, Machine, member, service

CALLING_SERVICE = str(Path(__file__).with_name("calling_service.py"))
KIT = str(Path(__file__).parents[3] / "kit/src")


def previewed(machine: Machine) -> tuple[str, str]:
    """Return the status and the release of a response through the preview door."""
    found = asyncio.run(Client(machine.folders.preview_socket, keep_alive=False).request())
    return str(found.status), found.headers["x-mainstay-release"]


def public(machine: Machine) -> str:
    """Return the body of a response through the front door."""
    port = int(machine.target.traffic_status().url.rpartition(":")[2])
    return asyncio.run(Client(port, keep_alive=False).request()).body


def start_release_2(machine: Machine) -> None:
    """Start release 2 beside release 1, which has all traffic, and preview it."""
    machine.start_release_1()
    machine.target.set_fleet({"web": {1: member(service(), 2), 2: member(service(), 2)}})
    machine.wait_until(lambda: machine.is_ready(2, 2), "web@2")
    machine.target.set_preview({"web": 2})
    wait_for_preview(machine, {"web": 2})


def wait_for_preview(machine: Machine, expected: dict[str, int]) -> None:
    machine.wait_until(lambda: machine.target.traffic_status().previewed == expected, f"the preview of {expected}")


def kill_edge(machine: Machine) -> None:
    """Kill HAProxy, and wait until another one runs."""
    before = machine.process_of("edge")
    os.kill(before.pid, signal.SIGKILL)
    machine.wait_until(lambda: machine.instance_runner.alive("edge") not in (None, before), "another HAProxy")


def test_the_preview_leads_to_the_new_release_at_every_stage(machine: Machine) -> None:
    start_release_2(machine)
    for share in (0.0, 5.0, 25.0, 50.0, 100.0):
        stage = {1: 100.0 - share, 2: share}
        machine.target.set_traffic((Shift({"web": stage}),))
        machine.wait_for_traffic({release: each for release, each in stage.items() if each})
        assert [previewed(machine) for _ in range(4)] == [("200", "2")] * 4


@pytest.mark.parametrize("kill", [Machine.restart_supervisor, kill_edge], ids=["supervisor", "HAProxy"])
def test_the_preview_survives_a_kill(kill: Callable[[Machine], None], machine: Machine) -> None:
    start_release_2(machine)
    machine.target.set_traffic((Shift({"web": {1: 95.0, 2: 5.0}}),), TrafficLease(60, (Shift({"web": {1: 100.0}}),)))
    machine.wait_for_traffic({1: 95.0, 2: 5.0})
    kill(machine)
    wait_for_preview(machine, {"web": 2})
    assert [previewed(machine) for _ in range(4)] == [("200", "2")] * 4


def test_the_preview_serves_without_a_supervisor(machine: Machine) -> None:
    start_release_2(machine)
    machine.kill_supervisor()
    assert previewed(machine) == ("200", "2")
    assert machine.target.traffic_status().previewed == {"web": 2}


def test_after_a_reboot_the_preview_is_restored(machine: Machine) -> None:
    start_release_2(machine)
    machine.reboot()
    machine.target.for_run(2).claim()
    wait_for_preview(machine, {"web": 2})
    assert previewed(machine) == ("200", "2")


def test_an_overtaken_run_cannot_change_the_preview(machine: Machine) -> None:
    start_release_2(machine)
    machine.target.for_run(2).claim()
    with pytest.raises(FenceRefused):
        machine.target.set_preview({})
    assert machine.target.traffic_status().preview == {"web": 2}


def test_when_no_instance_of_the_preview_is_ready_the_serving_release_responds(
    machine: Machine, tmp_path: Path
) -> None:
    unready = tmp_path / "unready"
    both = {release: member(service(environment={"UNREADY_WHEN": str(unready)})) for release in (1, 2)}
    machine.target.set_edge(EDGE)
    machine.target.set_fleet({"web": both})
    machine.wait_until(lambda: machine.is_ready(1) and machine.is_ready(2), "both")
    machine.target.set_traffic((Shift({"web": {1: 100.0}}),))
    machine.target.set_preview({"web": 2})
    wait_for_preview(machine, {"web": 2})
    Path(f"{unready}-2").touch()
    wait_for_preview(machine, {})
    assert previewed(machine) == ("200", "1")


@pytest.mark.slow
def test_an_instance_drains_until_its_request_through_the_preview_has_ended(machine: Machine) -> None:
    async def request_while_the_release_ends() -> int:
        request = asyncio.create_task(Client(machine.folders.preview_socket).request("/slow=1.5"))
        await asyncio.sleep(0.3)
        machine.target.set_preview({})
        machine.target.set_fleet({"web": {1: member(service(), 2)}})
        return (await request).status

    start_release_2(machine)
    assert asyncio.run(request_while_the_release_ends()) == 200
    machine.wait_until(lambda: not machine.instances_of(2), "the end of web@2")
    assert machine.target.fleet_status().endings == {}


def calling(release: int) -> Member:
    """A service `web` that calls the address of `api` with the kit."""
    environment: dict[str, Value] = {
        "PATH": PATH,
        "PYTHONPATH": KIT,
        "API_URL": Listener("api"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    health = Health("http", ready="/health", every_s=0.1)
    workload = Workload(
        "web", (sys.executable, CALLING_SERVICE), environment=environment, health=health, folder="/", steady_s=0.2
    )
    return Member(workload, 1, f"{release}.0.0")


@pytest.mark.slow
def test_a_new_front_end_meets_the_new_back_end_while_the_old_ones_serve_the_public(machine: Machine) -> None:
    machine.target.set_edge(EDGE)
    api = member(service("api"))
    machine.target.set_fleet({"web": {1: calling(1), 2: calling(2)}, "api": {1: api, 2: api}})
    for release, name in ((1, "web"), (2, "web"), (1, "api"), (2, "api")):
        machine.wait_until(lambda r=release, n=name: machine.is_ready(r, 1, n), f"{name}@{release}")  # type: ignore[misc]  # bound at once
    machine.target.set_traffic((Shift({"web": {1: 100.0}, "api": {1: 100.0}}),))
    machine.wait_for_traffic({1: 100.0})
    machine.target.set_preview({"web": 2, "api": 2})
    wait_for_preview(machine, {"web": 2, "api": 2})

    async def responses(**headers: str) -> set[str]:
        client = Client(machine.folders.preview_socket)
        return {(await client.request(headers=headers)).body for _ in range(5)}

    assert asyncio.run(responses()) == {"web@2 api@2"}
    assert public(machine) == "web@1 api@1"
    machine.target.set_traffic((Shift({"web": {2: 100.0}, "api": {2: 100.0}}),))
    machine.wait_for_traffic({2: 100.0})
    machine.target.set_preview({"web": 2, "api": 2}, {"web": 1, "api": 1})
    old = {"X-Mainstay-Preview": "replaced"}
    machine.wait_until(
        lambda: asyncio.run(responses(**old)) == {"web@1 api@1"}, "the old front end with the old back end"
    )
    assert asyncio.run(responses()) == {"web@2 api@2"}
    assert public(machine) == "web@2 api@2"
    machine.target.set_traffic((Shift({"web": {1: 100.0}, "api": {1: 100.0}}),))
    machine.wait_for_traffic({1: 100.0})
    machine.target.set_preview({"web": 2})
    wait_for_preview(machine, {"web": 2})
    assert asyncio.run(responses()) == {"web@2 api@1"}
