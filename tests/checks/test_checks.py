"""The registry of checks, and what each check answers."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from mainstay.checks import CHECKS, checks, disk_has_room
from mainstay.checks.certificate_is_valid import judge as judge_certificate
from mainstay.checks.check import Answer
from mainstay.checks.front_door_is_open import judge as judge_edge
from mainstay.checks.only_front_doors_are_reachable import REMEDY
from mainstay.checks.only_front_doors_are_reachable import judge as judge_endpoints
from mainstay.checks.services_have_readiness_probes import judge as judge_probes
from mainstay.model import Edge, Health, Member, Note, TrafficStatus, Workload
from mainstay.model.endpoint import Endpoint
from mainstay.model.tls import ServedCertificate, Tls, TlsMode
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
    assert found["only_front_doors_are_reachable"] == "not-applicable"
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


NOW = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.mark.requirement("B23")
@pytest.mark.failure("F92")
@pytest.mark.parametrize(
    ("mode", "expires", "verdict"),
    [
        ("files", "2026-12-12T00:00:00Z", "pass"),
        ("files", "2026-12-10T00:00:00Z", "warn"),
        ("files", "2026-11-27T12:00:00Z", "fail"),
        ("files", "2026-11-26T00:00:00Z", "fail"),
        ("acme", "2026-12-01T00:00:00Z", "pass"),
        ("acme", "2026-11-27T12:00:00Z", "fail"),
        ("acme", "", "unknown"),
    ],
)
def test_the_certificate_is_valid(mode: TlsMode, expires: str, verdict: str) -> None:
    certificate = ServedCertificate("An authority", ("shop.example",), expires) if expires else None
    serving = replace(EDGE, edge=Edge(https=443, tls=Tls(mode)), certificates=(certificate,) if certificate else ())
    found = judge_certificate(serving, NOW)
    assert found.verdict == verdict
    if certificate is not None:
        assert found.evidence == f"from An authority, expires {expires[:10]}"


def test_the_check_names_each_certificate_and_judges_the_first_to_expire() -> None:
    certificates = (
        ServedCertificate("An authority", ("shop.example",), "2027-12-01T00:00:00Z"),
        ServedCertificate("Another", ("b.example", "c.example"), "2026-12-01T00:00:00Z"),
    )
    serving = replace(EDGE, edge=Edge(https=443, tls=Tls("files")), certificates=certificates)
    found = judge_certificate(serving, NOW)
    assert found.verdict == "warn"
    assert found.evidence == (
        "for shop.example, from An authority, expires 2027-12-01; "
        "for b.example, c.example, from Another, expires 2026-12-01"
    )


def test_without_https_there_is_no_certificate_to_check() -> None:
    assert judge_certificate(EDGE, NOW).verdict == "not-applicable"


DOOR = Endpoint("0.0.0.0:80", "tcp", "front door", "edge", "other machines")
INSIDE = Endpoint("127.0.0.1:20001", "tcp", "instance", "web-1-1", "this machine")
DEBUGGER = Endpoint("127.0.0.1:9229", "tcp", "instance", "web-1-1", "this machine", declared=False)
EXPOSED = Endpoint("0.0.0.0:9100", "tcp", "instance", "web-1-1", "other machines", declared=False)


@pytest.mark.parametrize(
    ("endpoints", "answer"),
    [
        pytest.param(
            (DOOR, INSIDE, DEBUGGER),
            ("pass", "other machines reach 0.0.0.0:80, the front door, and none of 2 other endpoints", ""),
            id="only the front door",
        ),
        pytest.param((INSIDE,), ("pass", "other machines reach none of 1 endpoint", ""), id="nothing"),
        pytest.param(
            (DOOR, EXPOSED, INSIDE),
            ("fail", "instance web-1-1 listens on 0.0.0.0:9100 (tcp), which other machines may reach", REMEDY),
            id="an instance too",
        ),
    ],
)
def test_other_machines_may_reach_only_the_front_doors(endpoints: tuple[Endpoint, ...], answer: Answer) -> None:
    assert judge_endpoints(endpoints) == answer


@pytest.mark.parametrize(("kind", "verdict"), [("http", "pass"), ("command", "pass"), ("tcp", "warn")])
def test_a_service_with_a_port_needs_a_probe_of_its_own(kind: str, verdict: str) -> None:
    health = Health(kind=kind)  # type: ignore[arg-type]  # parametrised
    web = Workload("web", ("serve",), folder="", listens=True, health=health)
    assert judge_probes({"web": {1: Member(web, 1, "1.0.0")}}).verdict == verdict
