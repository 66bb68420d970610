"""The application: its routes, and what lives as long as it does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from granter_data.database import Database, DatabaseAway
from granter_data.query import QueryRefused, query_of
from granter_data.scraper.schedule import Scraping
from granter_data.search import grant, search
from granter_data.settings import Settings
from granter_data.token import ServiceTokenWanted


def app_of(settings: Settings) -> Starlette:
    """The service as an ASGI application; it starts at once, and is ready when its database answers."""
    database = Database(settings.database_url)
    scraping = Scraping(settings)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await database.open()
        scraping.start()
        yield
        await scraping.stop()
        await database.close()

    async def find(request: Request) -> JSONResponse:
        return JSONResponse(await search(database, query_of(request.query_params)))

    async def read(request: Request) -> JSONResponse:
        number = int(request.path_params["number"])
        found = await grant(database, number) if number < 2**63 else None
        return JSONResponse(found) if found else _problem(404, "no-such-grant", f"there is no grant {number}")

    async def live(_: Request) -> PlainTextResponse:
        return PlainTextResponse("live\n")

    async def ready(_: Request) -> PlainTextResponse:
        if await database.answers():
            return PlainTextResponse("ready\n")
        return PlainTextResponse("the database does not answer\n", status_code=503)

    async def health(_: Request) -> JSONResponse:
        services = {"database": "up" if await database.answers() else "down", "scraper": scraping.state}
        well = services["database"] == "up"
        document = {"status": "healthy" if well else "unhealthy", "version": settings.version, "services": services}
        return JSONResponse(document, status_code=200 if well else 503)

    return Starlette(
        routes=[
            Route("/search", find),
            Route("/grants/{number:int}", read),
            Route("/live", live),
            Route("/ready", ready),
            Route("/health", health),
        ],
        middleware=[Middleware(ServiceTokenWanted, token=settings.service_token)],
        exception_handlers={QueryRefused: _refused, DatabaseAway: _away},
        lifespan=lifespan,
    )


async def _refused(_: Request, refused: Exception) -> JSONResponse:
    return _problem(422, "query-refused", str(refused))


async def _away(_: Request, __: Exception) -> JSONResponse:
    return _problem(503, "database-away", "the database does not answer; try again")


def _problem(status: int, code: str, what: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "what": what}}, status_code=status)
