import pytest

from kit.tests.driving import call, stub_app
from mainstay_kit import RequestContext
from mainstay_kit.chain import Receive, Scope, Send
from mainstay_kit.chain.exchange import SCOPE_KEY, Exchange
from mainstay_kit.logs import traceparent

pytestmark = pytest.mark.anyio
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-00"


async def context_exchange(**headers: str) -> Exchange:
    found: list[Exchange] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found.append(scope[SCOPE_KEY])
        await stub_app()(scope, receive, send)

    await call(RequestContext(app), headers=headers)
    return found[0]


async def test_a_request_without_ids_gets_new_ones() -> None:
    first, second = await context_exchange(), await context_exchange()
    assert len(first.trace_id) == 32
    assert first.request_id != second.request_id


async def test_a_call_continues_the_trace_with_this_request_as_parent() -> None:
    exchange = await context_exchange(traceparent=PARENT)
    version, trace, span, flags = traceparent(exchange).split("-")
    assert (version, trace, flags) == ("00", TRACE, "00")
    assert span != "b7ad6b7169203331"


@pytest.mark.parametrize(
    "received",
    [
        pytest.param("00-" + "0" * 32 + "-b7ad6b7169203331-01", id="an all-zero trace"),
        pytest.param(f"00-{TRACE}-{'0' * 16}-01", id="an all-zero span"),
        pytest.param(PARENT.upper(), id="capitals"),
        pytest.param(PARENT + "\n", id="a line break"),
        pytest.param(f"ff-{TRACE}-b7ad6b7169203331-01", id="an unknown version"),
    ],
)
async def test_a_malformed_traceparent_is_replaced(received: str) -> None:
    assert (await context_exchange(traceparent=received)).trace_id not in received.lower()


async def test_a_well_formed_request_id_is_kept_and_returned() -> None:
    reply = await call(RequestContext(stub_app()), headers={"X-Request-ID": "order-12345678"})
    assert reply.headers["x-request-id"] == "order-12345678"


@pytest.mark.parametrize("received", ["", "short", "x" * 65, 'a"injected\r\nSet-Cookie: x', "ünïcödé-id", "-starts-so"])
async def test_a_malformed_request_id_is_replaced(received: str) -> None:
    reply = await call(RequestContext(stub_app()), headers={"X-Request-ID": received})
    assert reply.headers["x-request-id"] != received
