"""The application: its routes and its lifespan."""

from asyncio import to_thread
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from granter_data.database import Database
from granter_data.extraction.budget import Budget
from granter_data.extraction.chain import Chain
from granter_data.extraction.extracted import Extracted
from granter_data.extraction.requested import RequestedBudget
from granter_data.grant import grant
from granter_data.models import chain_of
from granter_data.query import query_of
from granter_data.rules.notice import NoNotice
from granter_data.rules.page import Page, page_of, page_of_text
from granter_data.scraper.rounds import report, request_round
from granter_data.scraper.schedule import Scraper
from granter_data.search import Search
from granter_data.settings import Settings
from granter_data.suggest import suggest
from mainstay_kit import (
    AccessLog,
    Dependency,
    GracefulStop,
    Metrics,
    Problem,
    Redactor,
    Registry,
    ServiceToken,
    protect,
)
from mainstay_kit import Chain as Protected

THRESHOLDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
DRAIN_SECONDS = 8.0
MAX_BODY = 1024 * 1024
MAX_NUMBER = 2**63
USED_UP = "the models' budget for requested extractions is used up for this hour; only the rules read this notice"


def app_of(settings: Settings, redactor: Redactor) -> Protected:
    """Return the service as an ASGI application; it starts at once, and is ready when its database answers."""
    registry = Registry()
    database = Database(settings.database_url, registry)
    search = Search(database)
    chain = chain_of(settings, registry)
    scraping = Scraper(settings, chain, search.changed)
    requested = RequestedBudget(database, settings.extract_requested_seconds, settings.extract_requested_cents)
    token = ServiceToken(tokens=settings.service_tokens, paths=["/"])

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await database.open()
        scraping.start()
        yield
        await scraping.stop()
        await database.close()

    async def find(request: Request) -> JSONResponse:
        parameters = request.query_params
        return JSONResponse(await search.find(query_of(parameters, parameters.getlist("topic"))))

    async def read(request: Request) -> JSONResponse:
        number = int(request.path_params["number"])
        found = await grant(database, number) if number < MAX_NUMBER else None
        if found is None:
            raise Problem(404, f"grant {number} not found")
        return JSONResponse(found)

    async def complete(request: Request) -> JSONResponse:
        return JSONResponse({"suggestions": await suggest(database, request.query_params.get("query", ""))})

    async def begin_round(_: Request) -> JSONResponse:
        number = await request_round(database)
        scraping.wake()
        return JSONResponse({"round": number}, status_code=202)

    async def report_round(_: Request) -> JSONResponse:
        return JSONResponse(await report(database))

    async def extract(request: Request) -> JSONResponse:
        return JSONResponse(await _extracted(chain, await _text_of(request), requested, settings.extract_within))

    async def is_alive() -> bool:
        return scraping.is_alive()

    app = Starlette(
        routes=[
            Route("/grants", find),
            Route("/grants/{number:int}", read),
            Route("/suggest", complete),
            Route("/scrape", begin_round, methods=["POST"]),
            Route("/scrape", report_round),
            Route("/extract", extract, methods=["POST"]),
        ],
        # Without this, Starlette would answer before the kit can.
        exception_handlers={Problem: _problem_response},
        lifespan=lifespan,
    )
    return protect(
        app,
        dependencies=[database.dependency(), Dependency("scraper", is_alive, required=False)],
        version=settings.mainstay_version,
        body_limit_bytes=MAX_BODY,
        metrics=Metrics(registry=registry, thresholds=THRESHOLDS),
        access_log=AccessLog(redactor=redactor),
        stop=GracefulStop(drain_timeout=DRAIN_SECONDS),
        may_read_details=token.has_valid_token,
        extra_parts=[token],
    )


async def _problem_response(_: Request, problem: Exception) -> Response:
    kit_response = problem.response if isinstance(problem, Problem) else Problem(500).response
    response = Response(kit_response.body, kit_response.status)
    response.raw_headers = [*kit_response.headers, *response.raw_headers]
    return response


async def _text_of(request: Request) -> str:
    try:
        document = await request.json()
    except ValueError as error:
        raise Problem(422, "the body is not JSON") from error
    text = document.get("text") if isinstance(document, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise Problem(422, 'send {"text": "the notice, as text or HTML"}')
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


async def _extracted(chain: Chain, text: str, requested: RequestedBudget, timeout: float) -> dict[str, object]:
    page = await to_thread(page_of if text.lstrip()[:1] == "<" else page_of_text, text)
    try:
        found = await _read_within_budget(chain, page, requested, timeout)
    except NoNotice as error:
        raise Problem(422, str(error)) from error
    used_up = found.read_by() == "rules" and any(attempt.outcome == "budget" for attempt in found.chain)
    return {
        "fields": found.fields(),
        "provenance": found.provenance(),
        "chain": [attempt.as_json() for attempt in found.chain],
        "note": USED_UP if used_up else None,
    }


async def _read_within_budget(chain: Chain, page: Page, requested: RequestedBudget, timeout: float) -> Extracted:
    """Read *page* with what is left of the hour's budget; without model keys nothing needs to be reserved."""
    cents = chain.max_cost(page)
    if not cents:
        return await chain.extract(page, "the text", Budget(0, 0))
    async with requested.reserved(timeout * 2, cents) as budget:
        return await chain.extract(page, "the text", budget)
