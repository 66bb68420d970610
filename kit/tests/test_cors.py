import pytest

from kit.tests.driving import answering, ask
from mainstay_kit import Cors, Misconfigured
from mainstay_kit.chain import Scope

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P21")]
OURS = "https://app.example.com"
ALLOW = "access-control-allow-origin"


def cors(seen: list[Scope] | None = None) -> Cors:
    return Cors(answering(seen=seen), origins=[OURS, "http://localhost:3000"])


@pytest.mark.parametrize("origin", [OURS, "http://localhost:3000"])
async def test_an_origin_on_the_list_may_read(origin: str) -> None:
    headers = (await ask(cors(), headers={"Origin": origin})).headers
    assert (headers[ALLOW], headers["vary"]) == (origin, "origin")


@pytest.mark.parametrize(
    "origin", ["https://evil.example.com", OURS + ".evil.com", OURS + ":444", "http://app.example.com", "null", "*", ""]
)
async def test_any_other_origin_may_not(origin: str) -> None:
    headers = (await ask(cors(), headers={"Origin": origin})).headers
    assert ALLOW not in headers
    assert headers["vary"] == "origin"


async def test_a_preflight_is_answered_without_the_application() -> None:
    seen: list[Scope] = []
    asked = {"Origin": OURS, "Access-Control-Request-Method": "PUT"}
    reply = await ask(cors(seen), method="OPTIONS", headers=asked)
    assert (reply.status, reply.headers[ALLOW]) == (204, OURS)
    assert "PUT" in reply.headers["access-control-allow-methods"]
    assert not seen


async def test_a_preflight_from_elsewhere_is_refused() -> None:
    asked = {"Origin": "https://evil.example.com", "Access-Control-Request-Method": "PUT"}
    reply = await ask(cors(), method="OPTIONS", headers=asked)
    assert reply.status == 403
    assert ALLOW not in reply.headers


async def test_plain_options_are_the_applications() -> None:
    assert (await ask(cors(), method="OPTIONS", headers={"Origin": OURS})).body == b"hello"


@pytest.mark.parametrize(
    "origin", ["*", "https://*.example.com", "null", "example.com", "https://example.com/", "https://example.com/path"]
)
def test_a_list_that_matches_everybody_or_nobody_is_refused(origin: str) -> None:
    with pytest.raises(Misconfigured):
        Cors(origins=[origin])


@pytest.mark.parametrize(
    ("origin", "closed"),
    [
        pytest.param("https://evil.example.com", True, id="a foreign origin"),
        pytest.param(OURS, False, id="ours"),
        pytest.param("https://api.example.com", False, id="the host itself"),
        pytest.param(None, False, id="no browser"),
    ],
)
async def test_a_websocket_is_refused_to_a_foreign_origin(origin: str | None, closed: bool) -> None:
    headers = {"Host": "api.example.com", **({"Origin": origin} if origin else {})}
    reply = await ask(cors(), headers=headers, type="websocket")
    assert (reply.messages[0]["type"] == "websocket.close") is closed
