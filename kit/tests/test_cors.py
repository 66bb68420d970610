import pytest

from kit.tests.driving import call, stub_app
from mainstay_kit import Cors, Misconfigured
from mainstay_kit.chain import Scope

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P21")]
OURS = "https://app.example.com"
ALLOW = "access-control-allow-origin"


def cors(seen: list[Scope] | None = None) -> Cors:
    return Cors(stub_app(seen=seen), origins=[OURS, "http://localhost:3000"])


@pytest.mark.parametrize("origin", [OURS, "http://localhost:3000"])
async def test_a_listed_origin_is_allowed(origin: str) -> None:
    headers = (await call(cors(), headers={"Origin": origin})).headers
    assert (headers[ALLOW], headers["vary"]) == (origin, "origin")


@pytest.mark.parametrize(
    "origin", ["https://evil.example.com", OURS + ".evil.com", OURS + ":444", "http://app.example.com", "null", "*", ""]
)
async def test_other_origins_are_not_allowed(origin: str) -> None:
    headers = (await call(cors(), headers={"Origin": origin})).headers
    assert ALLOW not in headers
    assert headers["vary"] == "origin"


async def test_a_preflight_is_answered_without_the_application() -> None:
    seen: list[Scope] = []
    preflight = {"Origin": OURS, "Access-Control-Request-Method": "PUT"}
    reply = await call(cors(seen), method="OPTIONS", headers=preflight)
    assert (reply.status, reply.headers[ALLOW]) == (204, OURS)
    assert "PUT" in reply.headers["access-control-allow-methods"]
    assert not seen


async def test_a_preflight_from_another_origin_is_refused() -> None:
    preflight = {"Origin": "https://evil.example.com", "Access-Control-Request-Method": "PUT"}
    reply = await call(cors(), method="OPTIONS", headers=preflight)
    assert reply.status == 403
    assert ALLOW not in reply.headers


async def test_options_requests_without_preflight_headers_reach_the_application() -> None:
    assert (await call(cors(), method="OPTIONS", headers={"Origin": OURS})).body == b"hello"


@pytest.mark.parametrize(
    "origin", ["*", "https://*.example.com", "null", "example.com", "https://example.com/", "https://example.com/path"]
)
def test_origins_that_match_all_or_none_are_refused(origin: str) -> None:
    with pytest.raises(Misconfigured):
        Cors(origins=[origin])


@pytest.mark.parametrize(
    ("origin", "closed"),
    [
        pytest.param("https://evil.example.com", True, id="a foreign origin"),
        pytest.param(OURS, False, id="an allowed origin"),
        pytest.param("https://api.example.com", False, id="the host itself"),
        pytest.param(None, False, id="no browser"),
    ],
)
async def test_a_websocket_is_refused_to_a_foreign_origin(origin: str | None, closed: bool) -> None:
    headers = {"Host": "api.example.com", **({"Origin": origin} if origin else {})}
    reply = await call(cors(), headers=headers, type="websocket")
    assert (reply.messages[0]["type"] == "websocket.close") is closed
