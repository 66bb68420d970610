"""All parts together in each framework: the responses are the same."""

from collections.abc import Mapping

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from litestar import Litestar, get
from litestar.params import FromPath
from litestar.response import Stream
from pydantic import BaseModel, field_validator
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from kit.tests.driving import call, stub_app
from mainstay_kit import AccessLog, Chain, Limit, Metrics, Problem, Problems, Rate, ServiceToken, protect
from mainstay_kit.chain import ASGIApp
from mainstay_kit.chain.routes import DeclaredRoutes
from mainstay_kit.problems import reraise

pytestmark = pytest.mark.anyio
TOKEN = "9f3c1b7e5a2d4860b1c3e5f7a9d0b2c4"


async def item(request: Request) -> Response:
    return PlainTextResponse(f"item {request.path_params['item']}")


async def broken(request: Request) -> Response:
    raise LookupError("the password is hunter2")


async def conflict(request: Request) -> Response:
    raise Problem(409, "the seat is taken", seat="12A")


def starlette() -> ASGIApp:
    return Starlette(
        routes=[
            Route("/items/{item}", item),
            Route("/broken", broken),
            Route("/taken", conflict),
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

    @app.get("/taken")
    async def get_conflict() -> str:
        raise Problem(409, "the seat is taken", seat="12A")

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


@get("/taken")
async def litestar_conflict() -> str:
    raise Problem(409, "the seat is taken", seat="12A")


def litestar() -> ASGIApp:
    routes = [litestar_item, litestar_broken, litestar_conflict]
    # The type of its scope is its own, and narrower.
    return Litestar(routes, exception_handlers={500: reraise}, logging_config=None)  # type: ignore[return-value]


FRAMEWORKS = [starlette, fastapi, litestar]
TEMPLATES = {"starlette": "/items/{item}", "fastapi": "/items/{item}", "litestar": "/items/{item}"}


@pytest.fixture(params=FRAMEWORKS, ids=lambda make: str(make.__name__))
def app(request: pytest.FixtureRequest) -> ASGIApp:
    application: ASGIApp = request.param()
    return application


def protected(app: ASGIApp, lines: list[bytes] | None = None, metrics: Metrics | None = None) -> Chain:
    log_lines: list[bytes] = [] if lines is None else lines
    return protect(app, access_log=AccessLog(write=log_lines.append), metrics=metrics)


async def test_a_response_passes_with_all_headers(app: ASGIApp) -> None:
    reply = await call(protected(app), "/items/7")
    assert reply.status == 200
    assert {"x-request-id", "content-security-policy", "vary"} <= reply.headers.keys()


@pytest.mark.requirement("P25")
async def test_a_problem_raised_in_a_route_is_sent_as_it_is(app: ASGIApp) -> None:
    reply = await call(protected(app), "/taken")
    assert (reply.status, reply.headers["content-type"]) == (409, "application/problem+json")
    assert (reply.document["detail"], reply.document["seat"]) == ("the seat is taken", "12A")


async def test_an_exception_is_logged_once_in_each_framework(app: ASGIApp, caplog: pytest.LogCaptureFixture) -> None:
    await call(protected(app), "/broken")
    assert [record.name for record in caplog.records] == ["mainstay_kit.problems"]
    assert caplog.records[0].exc_info is not None


async def test_a_custom_error_page_is_unchanged_and_the_error_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def page(request: Request, error: Exception) -> Response:
        return HTMLResponse("<h1>Something broke</h1>", 500)

    site = Starlette(routes=[Route("/broken", broken)], exception_handlers={500: page})
    reply = await call(protected(site), "/broken")
    assert (reply.status, reply.body) == (500, b"<h1>Something broke</h1>")
    assert [record.name for record in caplog.records] == ["mainstay_kit.problems"]


@pytest.mark.parametrize("path", ["/taken", "/broken", "/nowhere", "/refused"])
async def test_clients_that_accept_html_get_the_sites_problem_page(path: str) -> None:
    def page(problem: Mapping[str, object]) -> str:
        return f"<h1>{problem['title']}</h1><p>{problem.get('detail', '')}</p>"

    site = protect(starlette(), Problems(page=page), limits=[Limit("/refused", Rate(1, 60))])
    await call(site, path)
    problem_document = (await call(site, path)).document
    reply = await call(site, path, headers={"accept": "text/html,*/*"})
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.body.decode() == page(problem_document)


@pytest.mark.parametrize("make", [Starlette, FastAPI])
async def test_debug_pages_are_replaced(make: type[Starlette]) -> None:
    site = make(debug=True, routes=[Route("/broken", broken)])
    reply = await call(protected(site), "/broken", headers={"accept": "text/html"})
    assert reply.headers["content-type"] == "application/problem+json"
    assert b"hunter2" not in reply.body


@pytest.mark.requirement("P25")
async def test_an_error_response_reveals_no_internals(app: ASGIApp) -> None:
    reply = await call(protected(app), "/broken")
    assert (reply.status, reply.headers["content-type"]) == (500, "application/problem+json")
    assert b"hunter2" not in reply.body
    assert reply.document["request_id"] == reply.headers["x-request-id"]


async def test_an_unknown_path_returns_problem_details(app: ASGIApp) -> None:
    reply = await call(protected(app), "/nowhere")
    assert (reply.status, reply.headers["content-type"]) == (404, "application/problem+json")
    assert reply.document["title"] == "Not Found"


@pytest.mark.requirement("G26")
async def test_metrics_use_the_route_template_not_the_path(app: ASGIApp) -> None:
    metrics = Metrics()
    served = protected(app, metrics=metrics)
    for path in ("/items/7", "/items/8", "/made/up", "/made/up/too"):
        await call(served, path)
    text = metrics.registry.text().decode()
    assert 'http_requests_total{method="GET",endpoint="/items/{item}",status="200"} 2' in text
    assert 'http_requests_total{method="GET",endpoint="unmatched",status="404"} 2' in text
    assert "made" not in text


async def test_a_mount_is_reported_by_its_template() -> None:
    metrics = Metrics()
    await call(protected(starlette(), metrics=metrics), "/of/acme/items/7")
    assert 'endpoint="/of/{tenant}/items/{item:int}"' in metrics.registry.text().decode()


async def test_a_validation_error_does_not_contain_the_value() -> None:
    body = [b'{"name": "ada", "password": "hunter2"}']
    reply = await call(protected(fastapi()), "/login", "POST", {"content-type": "application/json"}, body)
    assert reply.status == 422
    assert reply.document["errors"][0]["loc"] == ["body", "password"]  # type: ignore[index]  # a JSON document
    assert b"hunter2" not in reply.body


@pytest.mark.requirement("G21")
async def test_a_refused_request_is_counted_under_its_route(app: ASGIApp) -> None:
    metrics, lines = Metrics(), list[bytes]()
    token = ServiceToken(tokens=[TOKEN], paths=["/items"])
    limits = [Limit("/taken", Rate(1, per=3600))]
    served = protect(app, token, limits=limits, metrics=metrics, access_log=AccessLog(write=lines.append))
    statuses = [(await call(served, path)).status for path in ("/items/7", "/taken", "/taken", "/items/7/made/up")]
    assert statuses == [401, 409, 429, 401]
    text = metrics.registry.text().decode()
    for endpoint, status in (("/items/{item}", 401), ("/taken", 429), ("unmatched", 401)):
        assert f'http_requests_total{{method="GET",endpoint="{endpoint}",status="{status}"}} 1' in text
    assert b'"route":"/items/{item}"' in lines[0]


async def test_declared_routes_include_routers_mounts_and_wrappers() -> None:
    api = APIRouter(prefix="/api")

    @api.get("/books/{book}/pages/{page:path}")
    async def pages(book: str, page: str) -> str:
        return page

    app = FastAPI()
    app.include_router(api, prefix="/v1")
    app.mount("/shops/{shop}", Starlette(routes=[Route("/items/{item:int}", item)]))
    routes = DeclaredRoutes(GZipMiddleware(app))
    assert routes.template("/v1/api/books/7/pages/a/b") == "/v1/api/books/{book}/pages/{page:path}"
    assert routes.template("/shops/3/items/7") == "/shops/{shop}/items/{item:int}"
    assert routes.template("/elsewhere") == "unmatched"
    assert DeclaredRoutes(stub_app()).template("/") == "unmatched"


class Booking(BaseModel):
    seat: str

    @field_validator("seat")
    @classmethod
    def _has_a_row(cls, seat: str) -> str:
        if not seat[:-1].isdigit():
            raise ValueError("a seat has a row, as 12A has")
        return seat


async def test_a_validators_message_has_no_pydantic_prefix() -> None:
    app = FastAPI()

    @app.post("/bookings")
    async def book(booking: Booking) -> str:
        return booking.seat

    reply = await call(protect(app), "/bookings", "POST", {"Content-Type": "application/json"}, [b'{"seat": "A"}'])
    error = {"loc": ["body", "seat"], "msg": "a seat has a row, as 12A has", "type": "value_error"}
    assert (reply.status, reply.document["errors"]) == (422, [error])
