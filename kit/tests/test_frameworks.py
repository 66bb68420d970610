"""All parts together under each framework: the same answers, whoever routes."""

import pytest
from fastapi import FastAPI
from litestar import Litestar, get
from litestar.params import FromPath
from litestar.response import Stream
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from kit.tests.driving import ask
from mainstay_kit import AccessLog, Chain, Metrics, protect
from mainstay_kit.asgi import ASGIApp

pytestmark = pytest.mark.anyio


async def item(request: Request) -> Response:
    return PlainTextResponse(f"item {request.path_params['item']}")


async def broken(request: Request) -> Response:
    raise LookupError("the password is hunter2")


def starlette() -> ASGIApp:
    return Starlette(
        routes=[
            Route("/items/{item}", item),
            Route("/broken", broken),
            Mount("/of/{tenant}", routes=[Route("/items/{item:int}", item)]),
        ]
    )


class Login(BaseModel):
    name: str
    password: int


def fastapi() -> ASGIApp:
    app = FastAPI()

    @app.get("/items/{item}")
    async def get_item(item: str) -> str:
        return item

    @app.get("/broken")
    async def get_broken() -> str:
        raise LookupError("the password is hunter2")

    @app.post("/login")
    async def login(login: Login) -> str:
        return login.name

    return app


@get("/items/{item:str}")
async def litestar_item(item: FromPath[str]) -> str:
    return item


@get("/broken")
async def litestar_broken() -> Stream:
    raise LookupError("the password is hunter2")


def litestar() -> ASGIApp:
    return Litestar([litestar_item, litestar_broken])  # type: ignore[return-value]  # its own, narrower scope type


FRAMEWORKS = [starlette, fastapi, litestar]
TEMPLATES = {"starlette": "/items/{item}", "fastapi": "/items/{item}", "litestar": "/items/{item}"}


@pytest.fixture(params=FRAMEWORKS, ids=lambda make: str(make.__name__))
def app(request: pytest.FixtureRequest) -> ASGIApp:
    made: ASGIApp = request.param()
    return made


def whole(app: ASGIApp, lines: list[bytes] | None = None, metrics: Metrics | None = None) -> Chain:
    written: list[bytes] = [] if lines is None else lines
    return protect(app, access_log=AccessLog(write=written.append), metrics=metrics)


async def test_an_answer_passes_with_all_headers(app: ASGIApp) -> None:
    reply = await ask(whole(app), "/items/7")
    assert reply.status == 200
    assert {"x-request-id", "content-security-policy", "vary"} <= reply.headers.keys()


@pytest.mark.requirement("P25")
async def test_an_error_tells_nothing_of_how_we_are_made(app: ASGIApp) -> None:
    reply = await ask(whole(app), "/broken")
    assert (reply.status, reply.headers["content-type"]) == (500, "application/problem+json")
    assert b"hunter2" not in reply.body
    assert reply.document["request_id"] == reply.headers["x-request-id"]


async def test_a_path_that_is_not_there_is_a_problem_too(app: ASGIApp) -> None:
    reply = await ask(whole(app), "/nowhere")
    assert (reply.status, reply.headers["content-type"]) == (404, "application/problem+json")
    assert reply.document["title"] == "Not Found"


@pytest.mark.requirement("G26")
async def test_metrics_name_the_route_and_never_the_path(app: ASGIApp) -> None:
    metrics = Metrics()
    served = whole(app, metrics=metrics)
    for path in ("/items/7", "/items/8", "/made/up", "/made/up/too"):
        await ask(served, path)
    text = metrics.registry.text().decode()
    assert 'http_requests_total{method="GET",endpoint="/items/{item}",status="200"} 2' in text
    assert 'http_requests_total{method="GET",endpoint="unmatched",status="404"} 2' in text
    assert "made" not in text


async def test_the_place_of_a_mounted_application_is_named_by_its_template() -> None:
    metrics = Metrics()
    await ask(whole(starlette(), metrics=metrics), "/of/acme/items/7")
    assert 'endpoint="/of/{tenant}/items/{item:int}"' in metrics.registry.text().decode()


async def test_what_a_client_sent_wrong_is_named_without_its_value() -> None:
    body = [b'{"name": "ada", "password": "hunter2"}']
    reply = await ask(whole(fastapi()), "/login", "POST", {"content-type": "application/json"}, body)
    assert reply.status == 422
    assert reply.document["errors"][0]["loc"] == ["body", "password"]  # type: ignore[index]  # a JSON document
    assert b"hunter2" not in reply.body
