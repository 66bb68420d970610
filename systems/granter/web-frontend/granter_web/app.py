"""The application: its two pages, its probes, and what it says when something is not there."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from granter_web.asked import asked_of
from granter_web.assets import Assets
from granter_web.grants import DataAway, Grants
from granter_web.headers import SecurityHeaders
from granter_web.paging import pages_around
from granter_web.settings import Settings
from granter_web.templating import Templates

log = logging.getLogger(__name__)


def app_of(settings: Settings) -> Starlette:
    """The service as an ASGI application. It is ready without the data-service: then it says so to people."""
    grants = Grants(settings.data_service_url, settings.service_token)
    assets = Assets()
    templates = Templates(assets.address, settings.version)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await grants.close()

    async def search(request: Request) -> Response:
        asked = asked_of(request.query_params)
        try:
            found = await grants.search(asked.of_data_service())
        except DataAway as away:
            log.warning("answered a search with an apology: %s", away)
            page = templates.page("search.html", asked=asked, found=None, today=_today())
            return HTMLResponse(page, status_code=503, headers={"Retry-After": "10"})
        around = pages_around(found.page, found.pages)
        return HTMLResponse(templates.page("search.html", asked=asked, found=found, around=around, today=_today()))

    async def read(request: Request) -> Response:
        number = int(request.path_params["number"])
        try:
            grant = await grants.read(number)
        except DataAway as away:
            log.warning("answered for grant %d with an apology: %s", number, away)
            page = templates.page("trouble.html", status=503)
            return HTMLResponse(page, status_code=503, headers={"Retry-After": "10"})
        if grant is None:
            return HTMLResponse(templates.page("trouble.html", status=404), status_code=404)
        back = asked_of(request.query_params)
        return HTMLResponse(templates.page("grant.html", grant=grant, back=back, today=_today()))

    async def probe(_: Request) -> PlainTextResponse:
        return PlainTextResponse("well\n")

    async def health(_: Request) -> JSONResponse:
        services = {"data-service": "up" if await grants.answers() else "down"}
        return JSONResponse({"status": "healthy", "version": settings.version, "services": services})

    async def trouble(_: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return HTMLResponse(templates.page("trouble.html", status=status), status_code=status)

    return Starlette(
        routes=[
            Route("/", search),
            Route("/grants/{number:int}", read),
            Route("/static/{name}", assets.serve),
            Route("/live", probe),
            Route("/ready", probe),
            Route("/health", health),
        ],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={HTTPException: trouble, 500: trouble},
        lifespan=lifespan,
    )


def _today() -> date:
    return datetime.now(UTC).date()
