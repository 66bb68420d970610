import pytest

from kit.tests.driving import answering, ask
from mainstay_kit import RequestContext
from mainstay_kit.chain import Receive, Scope, Send
from mainstay_kit.chain.exchange import KEY, Exchange
from mainstay_kit.logs import traceparent

pytestmark = pytest.mark.anyio
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-00"


async def exchange_of(**headers: str) -> Exchange:
    found: list[Exchange] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found.append(scope[KEY])
        await answering()(scope, receive, send)

    await ask(RequestContext(app), headers=headers)
    return found[0]


async def test_a_request_without_ids_gets_new_ones() -> None:
    first, second = await exchange_of(), await exchange_of()
    assert len(first.trace_id) == 32
    assert first.request_id != second.request_id


async def test_the_trace_goes_on_with_us_as_the_parent() -> None:
    exchange = await exchange_of(traceparent=PARENT)
    version, trace, span, flags = traceparent(exchange).split("-")
    assert (version, trace, flags) == ("00", TRACE, "00")
    assert span != "b7ad6b7169203331"


@pytest.mark.parametrize(
    "came",
    [
        pytest.param("00-" + "0" * 32 + "-b7ad6b7169203331-01", id="a trace of noughts"),
        pytest.param(f"00-{TRACE}-{'0' * 16}-01", id="a span of noughts"),
        pytest.param(PARENT.upper(), id="capitals"),
        pytest.param(PARENT + "\n", id="a line break"),
        pytest.param(f"ff-{TRACE}-b7ad6b7169203331-01", id="an unknown version"),
    ],
)
async def test_a_trace_that_is_not_well_formed_is_not_taken(came: str) -> None:
    assert (await exchange_of(traceparent=came)).trace_id not in came.lower()


async def test_a_well_formed_request_id_is_kept_and_given_back() -> None:
    reply = await ask(RequestContext(answering()), headers={"X-Request-ID": "order-12345678"})
    assert reply.headers["x-request-id"] == "order-12345678"


@pytest.mark.parametrize("came", ["", "short", "x" * 65, 'a"injected\r\nSet-Cookie: x', "ünïcödé-id", "-starts-so"])
async def test_a_request_id_that_could_do_harm_is_replaced(came: str) -> None:
    reply = await ask(RequestContext(answering()), headers={"X-Request-ID": came})
    assert reply.headers["x-request-id"] != came
