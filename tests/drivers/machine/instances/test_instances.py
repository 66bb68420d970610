"""Instances: how they fail, are restarted and are ended with all their processes."""

import os
import signal
from pathlib import Path

import pytest

from mainstay.drivers.machine.state.lifecycle import LEFT_FOREGROUND
from tests.drivers.machine.machine import PYTHON, Machine, member, service, worker

ALLOCATE_400_MB = (
    "x = []\nimport time\nfor _ in range(400): x.append(b'x' * 1_000_000); time.sleep(0.002)\ntime.sleep(60)"
)


@pytest.mark.failure("F65")
def test_an_exit_out_of_memory_names_the_limit(machine: Machine) -> None:
    workload = worker(PYTHON, "-c", ALLOCATE_400_MB, memory_bytes=128 * 2**20, steady_s=60)
    machine.target.set_fleet({"worker": {1: member(workload)}})
    machine.wait_until(lambda: any(one.last_exit for one in machine.instances_of(1, "worker")), "its end")
    assert machine.last_exit("worker").reason == "out of memory, limit 128 MiB"


@pytest.mark.failure("F69")
def test_an_instance_that_ignores_the_stop_signal_is_killed_with_its_children(machine: Machine) -> None:
    (one,) = machine.start_fleet(member(service(environment={"IGNORES_SIGTERM": "1", "CHILD": "300"})))
    process = machine.process_of(one.id)
    assert len(machine.instance_runner.members(one.id, process)) == 2
    machine.end_fleet("web")
    assert machine.instance_runner.members(one.id, process) == ()


def test_child_processes_of_a_stopped_instance_are_ended(machine: Machine) -> None:
    (one,) = machine.start_fleet(member(service(environment={"CHILD": "300"})))
    process = machine.process_of(one.id)
    machine.end_fleet("web")
    assert machine.instance_runner.members(one.id, process) == ()


@pytest.mark.failure("F66")
def test_an_instance_that_always_crashes_fails_after_three_starts_and_shows_its_output(machine: Machine) -> None:
    machine.target.set_fleet({"web": {1: member(service(environment={"EXIT_WITH": "3"}))}})
    one = machine.wait_for_state("failed")
    assert one.tail[-1] == "cannot start"
    assert (machine.last_exit().code, one.restarts) == (3, 2)


def test_a_service_that_leaves_the_foreground_fails_and_its_processes_are_ended(machine: Machine) -> None:
    machine.target.set_fleet({"worker": {1: member(worker("sh", "-c", "sleep 300 & exit 0"))}})
    machine.wait_for_state("failed", "worker")
    last = machine.last_exit("worker")
    assert (last.code, last.reason) == (0, LEFT_FOREGROUND)
    stub = machine.instance_runner.started("worker-1-1")
    assert stub is not None
    machine.wait_until(lambda: not machine.instance_runner.members("worker-1-1", stub), "the end of its processes")


def test_a_failed_instance_is_started_again_when_its_fleet_is_requested(machine: Machine, tmp_path: Path) -> None:
    repaired = tmp_path / "repaired"
    workload = worker("sh", "-c", f"test -e {repaired} || exit 3; exec sleep 60")
    machine.target.set_fleet({"worker": {1: member(workload)}})
    machine.wait_for_state("failed", "worker")
    repaired.touch()
    (one,) = machine.start_fleet(member(workload), service="worker")
    assert one.state == "ready"


@pytest.mark.slow
def test_a_start_restarts_a_crashing_instance_at_once_and_counts_its_crashes_from_zero(
    machine: Machine, tmp_path: Path
) -> None:
    needed = tmp_path / "needed"
    needed.touch()
    workload = worker("sh", "-c", f"test -e {needed} || exit 3; exec sleep 60")
    (one,) = machine.start_fleet(member(workload), service="worker")
    needed.unlink()
    os.kill(one.pid or 0, signal.SIGKILL)
    machine.wait_until(lambda: machine.instances_of(1, "worker")[0].early_exits >= 5, "a backoff of more than a second")
    machine.restart_supervisor()
    assert machine.instances_of(1, "worker")[0].early_exits < 3
    machine.wait_until(lambda: machine.instances_of(1, "worker")[0].early_exits == 3, "three crashes", within=3)
    needed.touch()
    machine.target.start()
    machine.wait_until(lambda: machine.is_ready(1, service="worker"), "the worker")


def test_a_completed_task_is_not_run_again_by_a_start_or_a_request_for_its_fleet(
    machine: Machine, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    task = member(worker("sh", "-c", f"echo once >> {runs}", restart="on-failure"))
    machine.target.set_fleet({"worker": {1: task}})
    machine.wait_until(lambda: machine.instances_of(1, "worker")[0].done, "the task")
    machine.target.start()
    machine.target.set_fleet({"worker": {1: task}})
    machine.kill_supervisor()
    assert machine.instances_of(1, "worker")[0].done
    machine.target.start()
    (one,) = machine.instances_of(1, "worker")
    assert (one.done, one.state, one.healthy) == (True, "stopped", True)
    assert runs.read_text() == "once\n"
    machine.end_fleet("worker")
