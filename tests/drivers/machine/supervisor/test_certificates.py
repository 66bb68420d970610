"""The supervisor gets the certificate of the front door from a real authority, and renews it."""

import ssl
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from cryptography import x509
from msgspec.structs import replace

from mainstay.drivers.edge.acme.obtained import Obtained, keep_obtained
from mainstay.drivers.edge.haproxy import authority as own_authority
from mainstay.drivers.edge.haproxy.authority import issue
from mainstay.model import Edge, Note, Route
from mainstay.model.acme import Acme, DnsCommands
from mainstay.model.tls import Tls
from tests.drivers.edge.acme.pebble import Pebble, authority, pebble
from tests.drivers.edge.haproxy.http_load import free_port
from tests.drivers.machine.machine import Machine

__all__ = ["authority"]
pytestmark = pytest.mark.slow

HOST = "shop.example"


@pytest.fixture
def edge(authority: Pebble) -> Edge:
    return edge_with(authority.acme, authority.http_port)


def edge_with(acme: Acme, http: int) -> Edge:
    routes = (Route("/", "web", host=HOST),)
    return Edge(http, routes, "127.0.0.1", https=free_port(), tls=Tls("acme", acme=acme))


def serial(edge: Edge) -> int:
    """Return the serial number of the certificate that the front door sends; 0 while it does not serve."""
    found = served(edge)
    return found.serial_number if found else 0


def issuer(edge: Edge) -> str:
    found = served(edge)
    return found.issuer.rfc4514_string() if found else ""


def served(edge: Edge) -> x509.Certificate | None:
    with suppress(OSError):
        pem = ssl.get_server_certificate(("127.0.0.1", edge.https or 0))
        return x509.load_pem_x509_certificate(pem.encode())
    return None


def failure(machine: Machine) -> Note | None:
    notes = machine.target.fleet_status().notes
    return next((note for note in notes if note.code == "certificate-failed"), None)


def requests(machine: Machine) -> list[psutil.Process]:
    """The processes that request a certificate for the machine's environment."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.cmdline()[-2:] == ["mainstay.drivers.edge.acme", str(machine.folders.state)]:
                found.append(process)
    return found


def test_the_front_door_has_a_certificate_of_its_own_until_the_authority_has_issued_one(
    machine: Machine, edge: Edge
) -> None:
    machine.target.set_edge(edge)
    machine.wait_until(lambda: "Mainstay" in issuer(edge), "the first certificate")
    machine.wait_until(lambda: "Pebble" in issuer(edge), "the certificate of the authority")
    assert failure(machine) is None
    (status,) = machine.target.traffic_status().certificates
    assert (status.issuer[:22], status.names) == ("Pebble Intermediate CA", (HOST,))
    assert status.expires > "2027"


def test_a_certificate_that_is_due_is_renewed_by_a_restarted_supervisor(
    machine: Machine, edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.target.set_edge(edge)
    machine.wait_until(lambda: "Pebble" in issuer(edge), "the certificate of the authority")
    before = serial(edge)
    machine.kill_supervisor()
    monkeypatch.setattr(own_authority, "LEAF_DAYS", 0.001)  # Begun an hour ago, it ends in a minute and a half.
    almost_over = issue(machine.folders, (HOST,)).decode()
    assert edge.tls is not None
    assert edge.tls.acme is not None
    keep_obtained(machine.folders.obtained, Obtained(edge.tls.acme.directory, almost_over))
    machine.target.start()
    machine.wait_until(lambda: "Pebble" in issuer(edge) and serial(edge) != before, "the renewed certificate")


def test_an_authority_that_is_down_is_reported_until_it_is_back(machine: Machine, tmp_path: Path) -> None:
    nowhere = Acme(f"https://127.0.0.1:{free_port()}/dir")
    edge = edge_with(nowhere, free_port())
    machine.target.set_edge(edge)
    machine.wait_until(lambda: failure(machine), "the note")
    note = failure(machine)
    assert note is not None
    assert note.level == "problem"
    assert f"{nowhere.directory} cannot be reached: [Errno 111] Connection refused" in note.what
    assert "Mainstay" in issuer(edge)
    with pebble(tmp_path, edge.http) as authority:
        machine.target.set_edge(replace(edge, tls=Tls("acme", acme=authority.acme)))
        machine.wait_until(lambda: "Pebble" in issuer(edge), "the certificate of the authority")
    assert failure(machine) is None


def test_mainstay_start_makes_the_next_attempt_at_once(machine: Machine, tmp_path: Path) -> None:
    port = free_port()
    acme = Acme(f"https://127.0.0.1:{port}/dir", ca=str(tmp_path / "pebble" / "authority.pem"))
    edge = edge_with(acme, free_port())
    machine.target.set_edge(edge)
    machine.wait_until(lambda: failure(machine), "the note")
    with pebble(tmp_path, edge.http, port):
        machine.target.start()
        machine.wait_until(lambda: "Pebble" in issuer(edge), "the certificate of the authority")


def test_a_refusal_keeps_the_certificate_from_before(machine: Machine, edge: Edge) -> None:
    machine.target.set_edge(edge)
    machine.wait_until(lambda: "Pebble" in issuer(edge), "the certificate of the authority")
    before = serial(edge)
    # The authority checks the new host at a port on which this front door does not listen any more.
    moved = replace(edge, http=free_port(), routes=(*edge.routes, Route("/", "web", host="new.example")))
    machine.target.set_edge(moved)
    machine.wait_until(lambda: failure(machine), "the note")
    note = failure(machine)
    assert note is not None
    assert "new.example: " in note.what
    assert note.level == "note"
    assert serial(moved) == before


@pytest.fixture
def slow_dns(tmp_path: Path) -> DnsCommands:
    """Commands whose first call does not end."""
    waiting = f"import pathlib, signal; pathlib.Path({str(tmp_path / 'begun')!r}).touch(); signal.pause()"
    return DnsCommands((sys.executable, "-c", waiting, "{name}", "{value}"), ("true", "{name}"), 0)


def test_the_end_of_the_environment_waits_for_no_request(
    machine: Machine, authority: Pebble, slow_dns: DnsCommands, tmp_path: Path
) -> None:
    machine.target.set_edge(edge_with(replace(authority.acme, dns=slow_dns), free_port()))
    machine.wait_until((tmp_path / "begun").exists, "the request")
    assert machine.target.traffic_status().open
    machine.target.stop()
    machine.wait_until(lambda: machine.supervisor() is None, "the end of the supervisor", within=5)
    machine.wait_until(lambda: not requests(machine), "the end of the request", within=5)


def test_a_request_outlives_a_killed_supervisor_and_the_next_one_uses_its_certificate(
    machine: Machine, authority: Pebble, tmp_path: Path
) -> None:
    go, calls = tmp_path / "go", tmp_path / "calls"
    script = str(Path(__file__).parents[2] / "edge" / "acme" / "dns_script.py")
    wait = f"echo x >> {calls}; until [ -e {go} ]; do sleep 0.05; done; exec {sys.executable} {script} set"
    given = (f"127.0.0.1:{authority.dns_management}", str(tmp_path / "notes"), "{name}", "{value}")
    dns = DnsCommands(("sh", "-c", f'{wait} "$@"', "sh", *given), (sys.executable, script, "clear", *given), 0)
    edge = edge_with(replace(authority.acme, dns=dns), free_port())
    machine.target.set_edge(edge)
    machine.wait_until(calls.exists, "the request")
    machine.kill_supervisor()
    machine.target.start()
    machine.wait_until(lambda: len(requests(machine)) == 2, "the second request, which waits for the first")
    go.touch()
    machine.wait_until(lambda: "Pebble" in issuer(edge), "the certificate of the authority")
    machine.wait_until(lambda: not requests(machine), "the end of the requests")
    assert calls.read_text() == "x\n"


def test_a_certificate_of_the_operator_that_expires_soon_is_reported(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_authority, "LEAF_DAYS", 10)
    own_authority.make_authority(machine.folders)
    (tmp_path / "shop.pem").write_bytes(issue(machine.folders, (HOST,)))
    tls = Tls("files", str(tmp_path / "shop.pem"), str(tmp_path / "shop.pem"))
    edge = replace(edge_with(Acme(), free_port()), tls=tls)
    machine.target.set_edge(edge)

    def found() -> list[str]:
        return [note.level for note in machine.target.fleet_status().notes if note.code == "certificate-expires"]

    machine.wait_until(lambda: found() == ["note"], "the note")
