"""What other machines reach: the front doors, and nothing else; tried from a network namespace."""

from collections.abc import Iterator

import pytest

from tests.drivers.edge.haproxy.http_load import free_port
from tests.journeys.command import Document
from tests.journeys.other_machine import OtherMachine, other_machine
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import TABLE, WebApp


@pytest.fixture
def outside() -> Iterator[OtherMachine]:
    with other_machine() as found:
        yield found


def ports(endpoints: list[Document], *kinds: str) -> set[int]:
    """Return the TCP ports of the *endpoints*, or of those whose `what` is in *kinds*."""
    wanted = [each for each in endpoints if each["protocol"] == "tcp" and (not kinds or each["what"] in kinds)]
    return {int(each["address"].rpartition(":")[2]) for each in wanted}


def finding(sandbox: Sandbox, *, code: int) -> Document:
    findings = sandbox.query("check", code=code)["findings"]
    return next(each for each in findings if each["name"] == "only_front_doors_are_reachable")


@pytest.mark.requirement("E42")
@pytest.mark.requirement("E47")
@pytest.mark.requirement("E49")
@pytest.mark.requirement("E52")
def test_other_machines_reach_the_front_doors_alone(sandbox: Sandbox, outside: OtherMachine) -> None:
    own = free_port()
    edge = {
        "bind": outside.address,
        "routes": [{"path": "/", "service": "web"}, {"path": "/api", "service": "web", "listen": own}],
    }
    sandbox.ship(WebApp("1", edge=edge, migrations=TABLE, replicas=2))
    found = sandbox.query("edge", "listens")["endpoints"]
    doors = ports(found, "front door")
    assert own in doors
    assert ports(found, "instance", "datastore", "internal address")
    assert outside.reached(ports(found)) == doors
    assert "version 1" in outside.run("curl", "-s", f"http://{outside.address}:{own}/api")
    assert finding(sandbox, code=0)["verdict"] == "pass"


@pytest.mark.requirement("E49")
def test_a_service_that_opens_a_port_to_other_machines_is_a_no_go(any_sandbox: Sandbox, outside: OtherMachine) -> None:
    port = free_port()
    any_sandbox.ship(WebApp("1", edge={"bind": outside.address}, behaviour={"also_listens": f"0.0.0.0:{port}"}))
    found = any_sandbox.query("edge", "listens")
    assert outside.reached(ports(found["endpoints"])) == {port, *ports(found["endpoints"], "front door")}
    what = f"instance web-1-1 listens on 0.0.0.0:{port} (tcp), which other machines may reach"
    assert found["problem"] == what
    failed = finding(any_sandbox, code=3)
    assert (failed["verdict"], failed["evidence"]) == ("fail", what)
    assert what in any_sandbox.run("edge", "listens").out
