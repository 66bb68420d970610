"""The registry of checks, and what each check answers."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from mainstay.checks import CHECKS, checks, disk_has_room
from mainstay.checks.check import Answer
from mainstay.checks.front_door_is_open import judge as judge_edge
from mainstay.checks.services_have_readiness_probes import judge as judge_probes
from mainstay.model import Edge, Health, Member, Note, TrafficStatus, Workload
from mainstay.operations.check import ask_all
from tests.fakes.world import fake_world


def test_the_registry_has_every_check_under_its_own_name() -> None:
    folder = Path(disk_has_room.__file__).parent
    assert tuple(each.name for each in checks()) == CHECKS
    assert {path.stem for path in folder.glob("*.py")} - {"__init__", "check"} == set(CHECKS)


def test_a_stopped_environment_has_no_front_door_to_check(tmp_path: Path) -> None:
    world = fake_world(tmp_path)
    world.folders.state.mkdir()
    found = {each.name: each.verdict for each in ask_all(checks(), world).findings}
    assert found["front_door_is_open"] == "not-applicable"
    assert found["disk_has_room"] == "pass"


EDGE = TrafficStatus({}, {"web": {}}, edge=Edge(), url="http://shop:80")
TAKEN = replace(EDGE, problem=Note("port-taken", "port 80 is taken by nginx", "stop that program"))
SERVES = replace(EDGE, actual={"web": {1: 100.0}})


@pytest.mark.parametrize(
    ("serving", "supervised", "answer"),
    [
        pytest.param(TAKEN, True, ("fail", "port 80 is taken by nginx", "stop that program"), id="a problem"),
        pytest.param(replace(EDGE, open=True), True, ("pass", "http://shop:80 is open", ""), id="open"),
        pytest.param(
            SERVES, False, ("pass", "http://shop:80 is open; the supervisor is not running", ""), id="it serves alone"
        ),
        pytest.param(EDGE, False, ("fail", "the supervisor is not running", "mainstay start"), id="not even that"),
    ],
)
def test_the_front_door_is_open(serving: TrafficStatus, *, supervised: bool, answer: Answer) -> None:
    assert judge_edge(serving, supervised=supervised) == answer


@pytest.mark.parametrize(("kind", "verdict"), [("http", "pass"), ("command", "pass"), ("tcp", "warn")])
def test_a_service_with_a_port_needs_a_probe_of_its_own(kind: str, verdict: str) -> None:
    health = Health(kind=kind)  # type: ignore[arg-type]  # parametrised
    web = Workload("web", ("serve",), folder="", listens=True, health=health)
    assert judge_probes({"web": {1: Member(web, 1, "1.0.0")}}).verdict == verdict
