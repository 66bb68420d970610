"""The true client of a request behind proxies, and the headers that name it to services."""

import re

import pytest

from mainstay.model import Edge, Route
from tests.drivers.edge.haproxy.http_load import Client, free_port
from tests.drivers.edge.haproxy.running_proxy import RunningProxy

TRUSTED = ("127.0.0.0/8", "10.0.0.0/8", "2001:db8:ffff::/48")
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(params=[TRUSTED], ids=["behind proxies"])
def edge(request: pytest.FixtureRequest) -> Edge:
    return Edge(http=free_port(), routes=(Route("/", "web"),), trusted_proxies=request.param)


async def seen(running: RunningProxy, **headers: str) -> dict[str, str]:
    """The headers with which a request reached the service."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    await Client(running.front_port, keep_alive=False).request(headers=named)
    return running.old.requests[-1]


@pytest.mark.requirement("A59")
@pytest.mark.requirement("E27")
@pytest.mark.parametrize(
    ("header", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("203.0.113.9, 192.0.2.7", "192.0.2.7"),
        ("203.0.113.9, 192.0.2.7, 10.0.0.1, 10.0.0.2", "192.0.2.7"),
        ("192.0.2.7, 2001:db8:ffff::1", "192.0.2.7"),
        ("2001:db8::7, 10.1.2.3", "2001:db8::7"),
        ("10.0.0.9, 10.0.0.1", "10.0.0.9"),
        ("192.0.2.7, unknown", "127.0.0.1"),
        ("unknown, 10.0.0.1", "10.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
async def test_the_client_is_the_last_address_that_is_not_a_trusted_proxys(
    header: str, client: str, running: RunningProxy
) -> None:
    assert (await seen(running, X_Forwarded_For=header))["x-forwarded-for"] == client


@pytest.mark.parametrize("edge", [(), ("10.0.0.0/8",)], indirect=True, ids=["no proxies", "other proxies"])
async def test_an_unknown_client_cannot_give_the_address_of_another(running: RunningProxy) -> None:
    headers = await seen(
        running,
        X_Forwarded_For="192.0.2.7",
        X_Real_IP="192.0.2.7",
        Forwarded="for=192.0.2.7",
        X_Forwarded_Proto="https",
    )
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert not {"x-real-ip", "forwarded"} & headers.keys()


async def test_the_protocol_that_a_trusted_proxy_names_is_kept(running: RunningProxy) -> None:
    assert (await seen(running, X_Forwarded_Proto="https"))["x-forwarded-proto"] == "https"
    assert (await seen(running, X_Forwarded_Proto="gopher"))["x-forwarded-proto"] == "http"


async def test_services_learn_the_host(running: RunningProxy) -> None:
    headers = await seen(running, Host="shop.example:8080", X_Forwarded_Host="evil.example")
    assert headers["x-forwarded-host"] == "shop.example:8080"


async def test_a_valid_trace_is_passed_on(running: RunningProxy) -> None:
    headers = await seen(running, traceparent=TRACE, tracestate="vendor=1")
    assert (headers["traceparent"], headers["tracestate"]) == (TRACE, "vendor=1")


@pytest.mark.parametrize(
    "given",
    ["", "none", TRACE.upper(), TRACE + "-more", TRACE.replace("b7ad6b7169203331", "0" * 16)],
)
async def test_any_other_trace_is_replaced_by_a_new_one(given: str, running: RunningProxy) -> None:
    found = [await seen(running, traceparent=given, tracestate="vendor=1") for _ in range(2)]
    assert all(re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", each["traceparent"]) for each in found)
    assert len({each["traceparent"] for each in found} | {given}) == 3
    parts = [part for each in found for part in re.findall("[0-9a-f]{16}", each["traceparent"])]
    assert len(set(parts)) == 6  # The two halves of the trace id and the span id are independent.
    assert not any("tracestate" in each for each in found)
