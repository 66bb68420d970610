"""The state of an environment whose supervisor is not running."""

from tests.drivers.machine.machine import Machine


def test_status_is_read_without_starting_a_supervisor(machine: Machine) -> None:
    machine.start_release_1()
    machine.kill_supervisor()
    running = machine.target.fleet_status()
    assert not running.supervised
    assert [one.state for one in running.instances] == ["ready", "ready"]
    assert machine.target.traffic_status().actual == {"web": {1: 100.0}}
    assert machine.supervisor() is None
