"""The application: its routes, its lifespan, and its protective middleware."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware

from granter_core import problems
from granter_core.auth import auth
from granter_core.description import description
from granter_core.grants import grants
from granter_core.parts import Parts
from granter_core.settings import Settings
from granter_core.sweeping import keep_sweeping
from mainstay_kit import (
    AccessLog,
    Chain,
    GracefulStop,
    Limit,
    Metrics,
    Probes,
    Rate,
    Redactor,
    ServiceToken,
    TrustedProxies,
    protect,
)

DRAIN = 8.0  # seconds; below the ten seconds after which a process that has not stopped is killed
BODY_LIMIT = 1024 * 1024
COMPRESSED_FROM = 1_000  # bytes
POST = frozenset({"POST"})


def app_of(settings: Settings) -> Chain:
    """Return the service as an ASGI application. It starts at once, and is ready when its database answers."""
    metrics = Metrics()
    parts = Parts.of(settings, metrics.registry)
    version = settings.mainstay_version
    dependencies = (parts.postgres.dependency(), parts.data_service.dependency())
    stop = GracefulStop(drain_timeout=DRAIN)
    may_read = ServiceToken(tokens=[settings.service_token]).has_valid_token
    return protect(
        _routes(settings, parts),
        dependencies=dependencies,
        version=version,
        limits=_limits(settings),
        body_limit_bytes=BODY_LIMIT,
        proxies=TrustedProxies.from_text(settings.trusted_proxies),
        metrics=metrics,
        access_log=AccessLog(redactor=Redactor(settings.secrets)),
        stop=stop,
        may_read_details=may_read,
        # The same probes under the path that the front door routes here.
        extra_parts=[Probes(dependencies=dependencies, stop=stop, version=version, prefixes=["/api"])],
    )


def _routes(settings: Settings, parts: Parts) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await parts.postgres.open()
        # Compute the hash for unknown accounts now: the first log-in would otherwise take longer than the others.
        await parts.passwords.verify(None, "")
        ended = asyncio.Event()
        sweeping = asyncio.create_task(keep_sweeping(parts.postgres, ended))
        yield
        ended.set()
        await sweeping
        parts.passwords.close()
        await parts.data_service.close()
        await parts.postgres.close()

    app = FastAPI(
        title="GRANTER",
        version=settings.mainstay_version,
        description="Accounts, grants and saved searches.",
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.parts = parts
    app.add_middleware(GZipMiddleware, minimum_size=COMPRESSED_FROM)
    app.include_router(auth)
    app.include_router(grants)
    if settings.shows_api:
        app.include_router(description)
    problems.install(app)
    return app


def _limits(settings: Settings) -> list[Limit]:
    """Return the limits per client and replica. They only stop floods; limits that must hold are in the database."""
    return [
        Limit("/api/auth/register", Rate(30, per=60), methods=POST),
        Limit("/api/extract", Rate(30, per=60), methods=POST),
        Limit("/api/scrape", Rate(30, per=60), methods=POST),
        Limit("/api", Rate(settings.requests_per_minute, per=60)),
    ]
