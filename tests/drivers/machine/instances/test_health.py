"""Probes of running instances: how often, and what their results change."""

import os
import signal
from pathlib import Path

import pytest

from mainstay.drivers.machine.instances import health
from mainstay.drivers.machine.instances.probes import Probe
from mainstay.drivers.machine.state.lifecycle import Record, Runtime
from mainstay.model import Health, Workload
from mainstay.system.clock import SystemClock
from tests.drivers.machine.machine import Machine, member, service, worker

HTTP = Health("http", ready="/ready")
GOOD, BAD, REFUSED = Probe("good"), Probe("bad", "404"), Probe("refused")
STARTING, READY = Runtime(), Runtime(record=Record(steady=True), answers=True)


@pytest.mark.parametrize(
    ("health", "becomes"),
    [
        (Health("command", command=("test", "-e", "healthy"), every_s=0.1), "ready"),
        (Health("command", command=("test", "-e", "missing"), every_s=0.1), "starting"),
        (Health("command", command=("no-such-program",), every_s=0.1), "starting"),
        (Health("command", command=("sleep", "60"), every_s=0.1, limit_s=0.2), "starting"),
        (Health("file", file="healthy", newer_than_s=60, every_s=0.1), "ready"),
        (Health("file", file="healthy", newer_than_s=0, every_s=0.1), "starting"),
        (Health("alive", every_s=0.1), "ready"),
    ],
    ids=["command", "command fails", "no such command", "command hangs", "file", "old file", "alive"],
)
def test_a_worker_is_ready_according_to_its_kind_of_probe(
    machine: Machine, tmp_path: Path, health: Health, becomes: str
) -> None:
    workload = worker("sh", "-c", "touch healthy; exec sleep 60", folder=str(tmp_path), health=health)
    machine.target.set_fleet({"worker": {1: member(workload)}})
    machine.wait_until((tmp_path / "healthy").exists, "the worker's start")
    SystemClock().pause(1)
    assert [one.state for one in machine.instances_of(1, "worker")] == [becomes]


def test_a_worker_whose_stub_still_waits_is_not_ready(machine: Machine) -> None:
    logs = machine.folders.logs / "worker"
    logs.mkdir(parents=True)
    (logs / "worker-1-1.err").write_text("the supervisor reads this file and not the other\n")
    os.mkfifo(logs / "worker-1-1.out")  # Its stub waits here for a reader, before it becomes the worker.
    machine.target.set_fleet({"worker": {1: member(worker("sleep", "60"))}})
    machine.wait_until(
        lambda: machine.instances_of(1, "worker") and machine.instances_of(1, "worker")[0].pid, "the stub"
    )
    SystemClock().pause(1)
    (one,) = machine.instances_of(1, "worker")
    assert one.pid is not None
    os.kill(one.pid, signal.SIGKILL)
    assert one.state == "starting"


def test_a_tcp_probe_needs_only_a_connection(machine: Machine) -> None:
    (one,) = machine.start_fleet(member(service(health=Health("tcp", every_s=0.1))))
    assert one.state == "ready"


def test_an_unready_service_becomes_ready_again_without_a_restart(machine: Machine, tmp_path: Path) -> None:
    unready = tmp_path / "unready"
    (one,) = machine.start_fleet(member(service(environment={"UNREADY_WHEN": str(unready)})))
    unready.touch()
    machine.wait_for_state("unready")
    unready.unlink()
    recovered = machine.wait_for_state("ready")
    assert (recovered.pid, recovered.restarts) == (one.pid, 0)


@pytest.mark.parametrize(
    ("runtime", "probe", "pause_s"),
    [
        pytest.param(READY, GOOD, 5.0, id="a ready instance"),
        pytest.param(READY, BAD, 0.5, id="a ready instance that failed once"),
        pytest.param(STARTING, BAD, 0.5, id="a starting instance that responds"),
        pytest.param(STARTING, REFUSED, 0.05, id="a starting instance that does not listen yet"),
    ],
)
def test_a_ready_instance_is_probed_every_5_s_and_another_every_half_second(
    runtime: Runtime, probe: Probe, pause_s: float
) -> None:
    assert health._pause(runtime, Workload("web", ("serve",), health=HTTP), probe) == pause_s


@pytest.mark.requirement("F9")
@pytest.mark.slow
def test_a_stuck_instance_is_killed_and_restarted(machine: Machine) -> None:
    (before,) = machine.start_fleet(
        member(service(health=Health("http", "/health", "/live", every_s=0.1, stuck_after_s=0.5)))
    )
    assert before.pid is not None
    os.kill(before.pid, signal.SIGSTOP)
    machine.wait_until(lambda: machine.is_ready(1) and machine.instances_of(1)[0].pid != before.pid, "the restart")
    assert machine.instances_of(1)[0].restarts == 1
    last = machine.last_exit()
    assert (last.signal, last.reason) == ("SIGKILL", "stuck, /live was not answered")


@pytest.mark.requirement("F17")
def test_an_unready_instance_is_not_restarted(machine: Machine, tmp_path: Path) -> None:
    unready, health = tmp_path / "unready", Health("http", "/health", "/live", every_s=0.1, stuck_after_s=0.3)
    (before,) = machine.start_fleet(member(service(health=health, environment={"UNREADY_WHEN": str(unready)})))
    unready.touch()
    machine.wait_for_state("unready")
    log = machine.folders.logs / "web" / f"{before.id}.out"
    machine.wait_until(lambda: log.read_text().partition(" 503 ")[2].count("/live") > 10, "ten liveness probes")
    (after,) = machine.instances_of(1)
    assert (after.state, after.pid, after.restarts) == ("unready", before.pid, 0)
