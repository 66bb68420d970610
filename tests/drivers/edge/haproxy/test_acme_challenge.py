"""The front door answers an authority that checks who owns a host, and nothing else by that path."""

import asyncio
import ssl

import pytest
from msgspec.structs import replace

from mainstay.drivers.edge.acme.account_key import make_account_key, thumbprint
from mainstay.model import Edge, Route
from mainstay.model.acme import Acme, DnsCommands
from mainstay.model.limits import Limits
from mainstay.model.tls import Tls
from tests.drivers.edge.haproxy.http_load import Client, Response, free_port
from tests.drivers.edge.haproxy.running_proxy import RunningProxy

PATH = "/.well-known/acme-challenge/"
HOST = {"Host": "shop.example"}


@pytest.fixture
def edge() -> Edge:
    routes = (Route("/", "web", host="shop.example"), Route("/", "web", listen=free_port()))
    return Edge(
        http=free_port(), https=free_port(), tls=Tls("acme", acme=Acme()), routes=routes, limits=Limits(body_bytes=10)
    )


async def response(running: RunningProxy, path: str, method: str = "GET", port: int = 0) -> Response:
    client = Client(port or running.front_port, keep_alive=False)
    return await client.request(path, method=method, headers=HOST)


async def test_a_token_is_answered_with_the_thumbprint_of_the_account(running: RunningProxy) -> None:
    found = await response(running, f"{PATH}a-Z_9")
    assert (found.status, found.body) == (200, f"a-Z_9.{thumbprint(running.folders.account_key)}")
    assert found.headers["content-type"] == "text/plain"
    assert (await response(running, f"{PATH}a", "HEAD")).status == 200
    assert running.old.requests == []


@pytest.mark.parametrize(
    "path",
    [
        PATH,
        f"{PATH}a/b",
        f"{PATH}../a",
        f"{PATH}a%2Fb",
        f"{PATH}<b>",
        f"{PATH}{'a' * 129}",
        f"/x{PATH}a",
        f"{PATH[:-1]}x/a",
        "/.WELL-KNOWN/acme-challenge/a",
    ],
)
async def test_everything_else_is_redirected_to_https_as_before(path: str, running: RunningProxy) -> None:
    found = await response(running, path)
    assert thumbprint(running.folders.account_key) not in found.body
    assert found.status in {301, 400}


async def test_only_reads_at_the_http_port_of_the_main_door_are_answered(running: RunningProxy) -> None:
    assert (await response(running, f"{PATH}a", "POST")).status == 308
    other = await response(running, f"{PATH}a", port=running.edge.routes[1].listen)
    assert other.body == "old"


async def test_over_https_the_path_belongs_to_the_service(running: RunningProxy) -> None:
    context = ssl.create_default_context(cafile=str(running.folders.authority))
    address = ("127.0.0.1", running.edge.https)
    reader, writer = await asyncio.open_connection(*address, ssl=context, server_hostname="shop.example")
    writer.write(f"GET {PATH}a HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n".encode())
    assert (await reader.read()).endswith(b"old")
    writer.close()


async def test_another_account_needs_no_reload(running: RunningProxy) -> None:
    worker = (await running.proxy.worker()).pid
    running.folders.account_key.unlink()
    make_account_key(running.folders.account_key)
    await running.set_shares({41: 100})
    assert (await response(running, f"{PATH}a")).body == f"a.{thumbprint(running.folders.account_key)}"
    assert (await running.proxy.worker()).pid == worker


async def test_a_key_that_cannot_be_read_stops_only_the_answers(running: RunningProxy) -> None:
    running.folders.account_key.write_text("x")
    await running.set_shares({42: 100})
    assert (await response(running, f"{PATH}a")).status == 301
    assert (await running.proxy.actual()).traffic["web"] == {42: 100.0}


@pytest.mark.parametrize(
    "tls", [Tls("acme", acme=Acme(dns=DnsCommands(("x",), ("x",)))), Tls("internal")], ids=["dns", "internal"]
)
async def test_other_ways_to_a_certificate_leave_the_path_to_the_services(tls: Tls, running: RunningProxy) -> None:
    running.edge = replace(running.edge, tls=tls)
    await running.set_shares({41: 100})
    assert (await response(running, f"{PATH}a")).status == 301
