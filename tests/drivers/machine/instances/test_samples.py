"""Where running instances listen."""

from mainstay.model import Health
from tests.drivers.machine.machine import Machine, member, service


def test_an_instance_that_listens_on_another_port_is_reported(machine: Machine) -> None:
    workload = service(environment={"LISTEN": "18999"}, health=Health("http", ready="/health", every_s=0.1))
    machine.target.set_fleet({"web": {1: member(workload)}})
    machine.wait_until(
        lambda: "listens on 127.0.0.1:18999" in str(machine.instances_of(1)[0].reasons), "where it listens"
    )
    assert machine.instances_of(1)[0].state == "starting"


def test_a_restarted_supervisor_knows_where_an_instance_listens(machine: Machine) -> None:
    (one,) = machine.start_fleet(member(service(environment={"HOST": "0.0.0.0"})))
    port = (one.address or "").rpartition(":")[2]

    def is_reported() -> bool:
        reasons = [reason for each in machine.instances_of(1) for reason in each.reasons]
        return [reason.partition(",")[0] for reason in reasons] == [f"listens on 0.0.0.0:{port}"]

    machine.wait_until(is_reported, "where it listens")
    machine.restart_supervisor()
    machine.wait_until(is_reported, "where it listens, after the restart")
