"""After a crash or a reboot, the supervisor adopts running processes and restarts the missing ones, each once."""

import os
import signal
from pathlib import Path

import pytest

from mainstay.model import Shift, TrafficLease
from mainstay.system.clock import SystemClock
from tests.drivers.machine.machine import EDGE, Machine, count_lines, environment_at, member, service, worker


def test_a_restarted_supervisor_adopts_the_running_instances(machine: Machine) -> None:
    machine.start_release_1()
    before = [(one.id, one.pid) for one in machine.target.fleet_status().instances]
    machine.kill_supervisor()
    assert environment_at(machine.target.traffic_status().url)["MAINSTAY_RELEASE"] == "1"
    machine.target.start()
    assert [(one.id, one.pid, one.state) for one in machine.target.fleet_status().instances] == [
        (name, pid, "ready") for name, pid in before
    ]
    machine.wait_for_traffic({1: 100.0})


def test_a_killed_instance_is_restarted(machine: Machine) -> None:
    (before,) = machine.start_fleet(member(service()))
    os.kill(before.pid or 0, signal.SIGKILL)
    machine.wait_until(lambda: machine.instances_of(1)[0].restarts == 1 and machine.is_ready(1), "the restart")
    assert machine.instances_of(1)[0].pid != before.pid
    assert machine.last_exit().signal == "SIGKILL"


def test_an_adopted_instance_that_is_killed_is_restarted(machine: Machine) -> None:
    (before,) = machine.start_fleet(member(service()))
    machine.restart_supervisor()
    os.kill(before.pid or 0, signal.SIGKILL)
    machine.wait_until(lambda: machine.instances_of(1)[0].restarts == 1 and machine.is_ready(1), "the restart")


def test_an_instance_killed_without_a_supervisor_is_restarted_by_the_next_one(machine: Machine) -> None:
    (before,) = machine.start_fleet(member(service()))
    machine.kill_supervisor()
    os.kill(before.pid or 0, signal.SIGKILL)
    machine.target.start()
    machine.wait_until(lambda: machine.is_ready(1) and machine.instances_of(1)[0].pid != before.pid, "the restart")


def test_a_killed_haproxy_is_restarted_with_the_same_traffic(machine: Machine) -> None:
    machine.start_release_1()
    url = machine.target.traffic_status().url
    haproxy = machine.process_of("edge")
    os.kill(haproxy.pid, signal.SIGKILL)
    machine.wait_until(lambda: machine.instance_runner.alive("edge") not in (None, haproxy), "the restart of HAProxy")
    machine.wait_for_traffic({1: 100.0})
    assert environment_at(machine.target.traffic_status().url)["MAINSTAY_SERVICE"] == "web"
    assert machine.target.traffic_status().url == url


@pytest.mark.failure("F83")
def test_after_a_reboot_the_desired_state_is_restored(machine: Machine) -> None:
    machine.start_release_1()
    url, listeners = machine.target.traffic_status().url, machine.target.traffic_status().listeners
    machine.reboot()
    machine.target.for_run(2).claim()
    machine.wait_until(lambda: machine.is_ready(1, 2), "both instances")
    machine.wait_for_traffic({1: 100.0})
    assert (machine.target.traffic_status().url, machine.target.traffic_status().listeners) == (url, listeners)


def test_a_stopped_environment_stays_stopped_after_a_reboot(machine: Machine) -> None:
    machine.start_release_1()
    machine.target.stop()
    machine.wait_until(lambda: not machine.target.fleet_status().started, "the stop")
    machine.wait_until(lambda: machine.supervisor() is None, "the supervisor's end")
    machine.reboot()
    machine.target.for_run(2).claim()
    assert machine.target.fleet_status().instances == ()
    assert machine.target.traffic_status().actual == {"web": {}}


def test_an_instance_whose_stub_has_not_written_its_note_is_not_started_twice(machine: Machine, tmp_path: Path) -> None:
    """The stub has not written its note yet: it opens its log first, and waits there for a reader."""
    starts, log = tmp_path / "starts", machine.folders.logs / "worker" / "worker-1-1.out"
    workload = worker("sh", "-c", f"echo started >> {starts}; exec sleep 60")
    machine.target.start()
    log.parent.mkdir(parents=True)
    os.mkfifo(log)
    machine.target.set_fleet({"worker": {1: member(workload)}})
    machine.wait_until(lambda: machine.instance_runner.starting("worker-1-1"), "the stub")
    machine.restart_supervisor()
    assert machine.instances_of(1, "worker")[0].state == "starting"
    assert machine.instance_runner.started("worker-1-1") is None
    reader = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
    machine.wait_until(lambda: machine.is_ready(1, service="worker"), "the worker")
    os.close(reader)
    assert count_lines(starts) == 1


@pytest.mark.slow
def test_ready_is_persisted_before_it_is_reported(machine: Machine) -> None:
    machine.target.set_edge(EDGE)
    for release in range(1, 6):
        machine.start_fleet(member(service(), 2), release)
        machine.restart_supervisor()
        assert machine.is_ready(release, 2)


@pytest.mark.slow
@pytest.mark.parametrize("delay_ms", range(0, 200, 10))
def test_a_kill_at_any_moment_of_a_start_starts_no_process_twice(
    machine: Machine, tmp_path: Path, delay_ms: int
) -> None:
    starts = tmp_path / "starts"
    workload = worker("sh", "-c", f"echo started >> {starts}; exec sleep 60")
    machine.target.start()
    machine.target.set_fleet({"worker": {1: member(workload, 3)}})
    SystemClock().pause(delay_ms / 10_000)
    machine.restart_supervisor()
    machine.wait_until(lambda: machine.is_ready(1, 3, "worker"), "three workers")
    machine.wait_until(lambda: count_lines(starts) >= 3, "three starts")
    assert count_lines(starts) == 3


@pytest.mark.slow
def test_the_automatic_revert_survives_a_kill_of_the_supervisor(machine: Machine) -> None:
    machine.start_release_1()
    machine.target.set_fleet({"web": {1: member(service(), 2), 2: member(service(), 2)}})
    machine.wait_until(lambda: machine.is_ready(2, 2), "web@2")
    machine.target.set_traffic((Shift({"web": {2: 100.0}}),), TrafficLease(1.0, (Shift({"web": {1: 100.0}}),)))
    machine.restart_supervisor()
    machine.wait_until(lambda: machine.target.traffic_status().reverted, "the revert")
    machine.wait_for_traffic({1: 100.0})
