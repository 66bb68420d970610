"""No spelling of a path, and no place where the application is mounted, leads past a part that guards it."""

from collections.abc import Callable

import pytest
from litestar import Litestar, get
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from kit.tests.driving import call
from mainstay_kit import BodyLimit, Limit, Rate, ServiceToken, protect
from mainstay_kit.chain import ASGIApp
from mainstay_kit.chain.paths import PathPrefixes, path_within_app

pytestmark = [pytest.mark.anyio, pytest.mark.threat("S8")]
TOKEN = "9f3c1b7e5a2d4860b1c3e5f7a9d0b2c4"


@get("/internal/stock")
async def litestar_stock() -> str:
    return "secret"


async def stock(request: Request) -> Response:
    return PlainTextResponse("secret")


def guarded(app: ASGIApp) -> ASGIApp:
    return protect(app, ServiceToken(tokens=[TOKEN], paths=["/internal"]), limits=[Limit("/items", Rate(1, 60))])


def litestar() -> ASGIApp:
    return Litestar([litestar_stock], logging_config=None)  # type: ignore[return-value]  # its own, narrower scope type


def starlette() -> ASGIApp:
    return Starlette(routes=[Route("/internal/stock", stock), Route("/items", stock)])


@pytest.mark.parametrize("make", [litestar, starlette])
@pytest.mark.parametrize(
    "path", ["/internal/stock", "//internal/stock", "///internal//stock", "/internal/stock/", "//internal///stock//"]
)
async def test_every_spelling_of_a_protected_path_requires_the_token(make: Callable[[], ASGIApp], path: str) -> None:
    reply = await call(guarded(make()), path)
    assert b"secret" not in reply.body
    assert reply.status in {401, 404}


async def test_a_mounted_service_requires_the_token_too() -> None:
    site = Starlette(routes=[Mount("/shop", guarded(starlette()))])
    assert (await call(site, "/shop/internal/stock")).status == 401
    assert (await call(site, "/shop/internal/stock", headers={"X-Service-Token": TOKEN})).body == b"secret"


@pytest.mark.parametrize("root", ["/shop", "/shop/"])
async def test_the_servers_root_path_is_ignored(root: str) -> None:
    reply = await call(guarded(starlette()), "/shop/internal/stock", root_path=root)
    assert reply.status == 401


async def test_a_route_limit_applies_under_a_mount() -> None:
    app = BodyLimit(starlette(), limit_bytes=10, routes={"/items": 1})
    reply = await call(app, "/shop//items", "POST", {"content-length": "5"}, [b"12345"], root_path="/shop")
    assert reply.status == 413


@pytest.mark.parametrize(
    ("path", "root", "expected"),
    [
        ("/", "", "/"),
        ("/a/b", "", "/a/b"),
        ("//a///b/", "", "/a/b/"),
        ("/shop", "/shop", "/"),
        ("/shop/a", "/shop", "/a"),
        ("/shopping", "/shop", "/shopping"),
        ("/a", "/shop", "/a"),
    ],
)
def test_paths_are_normalized_as_routers_do(path: str, root: str, expected: str) -> None:
    assert path_within_app({"path": path, "root_path": root}) == expected


def test_a_path_with_the_same_beginning_is_not_under_a_prefix() -> None:
    under = PathPrefixes(["/api", "/internal/"])
    covered = [under.covers(path) for path in ("/api", "/api/x", "/apis", "/", "/internal", "/internal/x")]
    assert covered == [True, True, False, False, True, True]


async def test_a_mounted_service_has_probes_and_limits_under_its_mount() -> None:
    site = Starlette(routes=[Mount("/shop", guarded(starlette()))])
    assert (await call(site, "/shop/ready")).document == {"status": "ok"}
    assert [(await call(site, "/shop/items")).status for _ in range(2)] == [200, 429]
