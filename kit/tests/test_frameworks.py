"""All parts together under each framework: the same answers, whoever routes."""

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

from kit.tests.driving import answering, ask
from mainstay_kit import AccessLog, Chain, Limit, Metrics, Problem, Problems, Rate, ServiceToken, protect
from mainstay_kit.chain import ASGIApp
from mainstay_kit.chain.routes import DeclaredRoutes
from mainstay_kit.problems import hand_on

pytestmark = pytest.mark.anyio
TOKEN = "9f3c1b7e5a2d4860b1c3e5f7a9d0b2c4"


async def item(request: Request) -> Response:
    return PlainTextResponse(f"item {request.path_params['item']}")


async def broken(request: Request) -> Response:
    raise LookupError("the password is hunter2")


async def taken(request: Request) -> Response:
    raise Problem(409, "the seat is taken", seat="12A")


def starlette() -> ASGIApp:
    return Starlette(
        routes=[
            Route("/items/{item}", item),
            Route("/broken", broken),
            Route("/taken", taken),
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
    async def get_taken() -> str:
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
async def litestar_taken() -> str:
    raise Problem(409, "the seat is taken", seat="12A")


def litestar() -> ASGIApp:
    routes = [litestar_item, litestar_broken, litestar_taken]
    # The type of its scope is its own, and narrower.
    return Litestar(routes, exception_handlers={500: hand_on}, logging_config=None)  # type: ignore[return-value]


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
async def test_a_problem_that_is_raised_in_a_route_says_what_it_says(app: ASGIApp) -> None:
    reply = await ask(whole(app), "/taken")
    assert (reply.status, reply.headers["content-type"]) == (409, "application/problem+json")
    assert (reply.document["detail"], reply.document["seat"]) == ("the seat is taken", "12A")


async def test_what_fails_is_logged_once_whoever_routes(app: ASGIApp, caplog: pytest.LogCaptureFixture) -> None:
    await ask(whole(app), "/broken")
    assert [record.name for record in caplog.records] == ["mainstay_kit.problems"]
    assert caplog.records[0].exc_info is not None


async def test_a_sites_own_page_of_an_error_stays_and_the_error_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def page(request: Request, error: Exception) -> Response:
        return HTMLResponse("<h1>Something broke</h1>", 500)

    site = Starlette(routes=[Route("/broken", broken)], exception_handlers={500: page})
    reply = await ask(whole(site), "/broken")
    assert (reply.status, reply.body) == (500, b"<h1>Something broke</h1>")
    assert [record.name for record in caplog.records] == ["mainstay_kit.problems"]


@pytest.mark.parametrize("path", ["/taken", "/broken", "/nowhere", "/refused"])
async def test_who_asks_for_html_gets_problems_as_the_page_that_a_site_makes_of_them(path: str) -> None:
    def page(problem: Mapping[str, object]) -> str:
        return f"<h1>{problem['title']}</h1><p>{problem.get('detail', '')}</p>"

    site = protect(starlette(), Problems(page=page), limits=[Limit("/refused", Rate(1, 60))])
    await ask(site, path)
    said = (await ask(site, path)).document
    reply = await ask(site, path, headers={"accept": "text/html,*/*"})
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.body.decode() == page(said)


@pytest.mark.parametrize("make", [Starlette, FastAPI])
async def test_no_page_of_a_debugger_leaves_the_service(make: type[Starlette]) -> None:
    site = make(debug=True, routes=[Route("/broken", broken)])
    reply = await ask(whole(site), "/broken", headers={"accept": "text/html"})
    assert reply.headers["content-type"] == "application/problem+json"
    assert b"hunter2" not in reply.body


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


@pytest.mark.requirement("G21")
async def test_a_refused_request_is_counted_under_its_route(app: ASGIApp) -> None:
    metrics, lines = Metrics(), list[bytes]()
    token = ServiceToken(tokens=[TOKEN], paths=["/items"])
    limits = [Limit("/taken", Rate(1, per=3600))]
    served = protect(app, token, limits=limits, metrics=metrics, access_log=AccessLog(write=lines.append))
    statuses = [(await ask(served, path)).status for path in ("/items/7", "/taken", "/taken", "/items/7/made/up")]
    assert statuses == [401, 409, 429, 401]
    text = metrics.registry.text().decode()
    for endpoint, status in (("/items/{item}", 401), ("/taken", 429), ("unmatched", 401)):
        assert f'http_requests_total{{method="GET",endpoint="{endpoint}",status="{status}"}} 1' in text
    assert b'"route":"/items/{item}"' in lines[0]


async def test_routes_of_routers_mounts_and_wrappers_are_known_too() -> None:
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
    assert DeclaredRoutes(answering()).template("/") == "unmatched"


class Booking(BaseModel):
    seat: str

    @field_validator("seat")
    @classmethod
    def _has_a_row(cls, seat: str) -> str:
        if not seat[:-1].isdigit():
            raise ValueError("a seat has a row, as 12A has")
        return seat


async def test_what_an_application_says_of_a_field_leaves_without_the_words_of_its_library() -> None:
    app = FastAPI()

    @app.post("/bookings")
    async def book(booking: Booking) -> str:
        return booking.seat

    reply = await ask(protect(app), "/bookings", "POST", {"Content-Type": "application/json"}, [b'{"seat": "A"}'])
    error = {"loc": ["body", "seat"], "msg": "a seat has a row, as 12A has", "type": "value_error"}
    assert (reply.status, reply.document["errors"]) == (422, [error])
