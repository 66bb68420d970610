"""Requests of Mainstay itself enter a front door signed, and over https only if its certificate is the expected one."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mainstay.drivers.edge.haproxy.authority import make_authority
from mainstay.drivers.edge.haproxy.certificates import PEM
from mainstay.drivers.edge.haproxy.maintenance import maintenance_maps
from mainstay.drivers.edge.haproxy.preview_key import HEADER
from mainstay.drivers.machine.entrances import Trust, entrance
from mainstay.drivers.targets.process.requests import send, send_to_door
from mainstay.errors import Unreachable
from mainstay.model import Edge, Route, TrafficStatus
from mainstay.model.http import HttpRequest
from mainstay.model.maintenance import Maintenance
from mainstay.model.tls import Tls
from mainstay.system.state_dir import Folders
from tests.drivers.edge.haproxy.http_load import free_port
from tests.drivers.edge.haproxy.running_proxy import RunningProxy, running_proxy

HOST = "shop.example"
HOME = HttpRequest("GET", "/", host=HOST)


def secure_edge() -> Edge:
    return Edge(
        http=free_port(), https=free_port(), tls=Tls(), routes=(Route("/", "web", host=HOST), Route("/", "web"))
    )


def status(edge: Edge) -> TrafficStatus:
    return TrafficStatus({}, {}, edge=edge, doors=(f"https://127.0.0.1:{edge.https}", f"http://127.0.0.1:{edge.http}"))


@contextmanager
def secured() -> Iterator[tuple[RunningProxy, asyncio.Runner]]:
    """A HAProxy with https, and the runner of its backends."""
    with asyncio.Runner() as runner:
        context = running_proxy(secure_edge())
        yield runner.run(context.__aenter__()), runner
        runner.run(context.__aexit__(None, None, None))


async def close(running: RunningProxy) -> None:
    """Begin maintenance."""
    maps = maintenance_maps(Maintenance("closed"), ())
    await running.proxy.converge(running.edge, running.ports, running.slots({41: 100}), maps)


def test_a_request_is_served_in_spite_of_maintenance_over_https() -> None:
    with secured() as (running, runner):
        runner.run(close(running))
        found = runner.run(asyncio.to_thread(send_to_door, HOME, "front", status(running.edge), running.folders))
        assert found.status == 200
        assert HEADER.lower() not in running.old.requests[-1]


def test_a_door_with_a_certificate_that_is_not_expected_is_not_trusted(tmp_path: Path) -> None:
    other = Folders(tmp_path / "other", tmp_path / "other-keys")
    make_authority(other)
    with secured() as (running, runner):
        for host in (HOST, "localhost"):
            way = entrance(HttpRequest("GET", "/", host=host), "front", status(running.edge), running.folders)
            assert way.trust is not None
            assert runner.run(asyncio.to_thread(send, HOME, way)).status == 200
            with pytest.raises(Unreachable, match="certificate verify failed"):
                runner.run(asyncio.to_thread(send, HOME, way._replace(trust=Trust((other.authority,), way.trust.name))))


def test_the_certificate_must_have_the_name_of_the_route() -> None:
    with secured() as (running, runner):
        way = entrance(HOME, "front", status(running.edge), running.folders)
        other = way._replace(trust=Trust((running.folders.authority,), "other.example"))
        with pytest.raises(Unreachable, match="Hostname mismatch"):
            runner.run(asyncio.to_thread(send, HOME, other))


def test_a_certificate_from_files_must_be_the_one_that_the_door_was_given(tmp_path: Path) -> None:
    folders = Folders(tmp_path, tmp_path)
    edge = Edge(https=8443, tls=Tls("files", "/cert.pem", "/key.pem"), routes=(Route("/", "web", host="*.b"),))
    hosts = {
        host: entrance(HttpRequest("GET", "/", host=host), "front", status(edge), folders) for host in ("a.b", "c")
    }
    assert hosts["a.b"].trust == Trust((folders.edge / PEM,), "a.b")
    assert hosts["c"].trust == Trust((folders.edge / PEM,), "")
    assert entrance(HOME, "front", status(secure_edge()), folders).trust == Trust((folders.authority,), HOST)


def test_the_certificate_that_the_door_was_given_is_trusted() -> None:
    with secured() as (running, runner):
        way = entrance(HOME, "front", status(running.edge), running.folders)
        given = way._replace(trust=Trust((running.folders.edge / PEM,), HOST))
        assert runner.run(asyncio.to_thread(send, HOME, given)).status == 200
