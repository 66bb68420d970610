"""The application: its pages, and the kit's middleware around them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from granter_web.accounts import Accounts
from granter_web.assets import Assets
from granter_web.backend import Backend, BackendUnavailable, LoggedOut, RateLimited, Rejected
from granter_web.internal_urls import login_url, login_url_for
from granter_web.saved import SavedSearches
from granter_web.search_pages import SearchPages
from granter_web.settings import Settings
from granter_web.templating import Templates
from granter_web.visit import CsrfFailure, Visit
from mainstay_kit import (
    Chain,
    Dependency,
    Exchange,
    GracefulStop,
    Limit,
    Metrics,
    Problems,
    Rate,
    SecurityHeaders,
    TrustedProxies,
    protect,
)

LARGEST_FORM = 65_536
DRAIN_SECONDS = 8.0
COMPRESSED_FROM = (
    1_000  # bytes; form tokens are masked differently in each page, so the compressed length reveals nothing
)
Handle = Callable[[Visit], Awaitable[Response]]


def app_of(settings: Settings) -> Chain:
    """Return the service as an ASGI application. It is ready without backend-core: its pages then report that."""
    assets = Assets()
    templates = Templates(assets.address, settings.mainstay_version)
    backend = Backend(settings.backend_url)
    return protect(
        pages_of(backend, templates, assets),
        Problems(
            page=lambda problem: templates.page("error.html", visit=None, error_status=problem["status"], wait=None)
        ),
        dependencies=[Dependency("backend-core", backend.is_up, required=False)],
        version=settings.mainstay_version,
        limits=[Limit("/", Rate(60, per=60), methods=frozenset({"POST"}))],
        body_limit_bytes=LARGEST_FORM,
        proxies=TrustedProxies.from_text(settings.trusted_proxies),
        # With `no-referrer` a browser would not reveal that a form comes from this site.
        headers=SecurityHeaders(overrides={"referrer-policy": "same-origin"}),
        metrics=Metrics(may_read=is_internal),
        stop=GracefulStop(drain_timeout=DRAIN_SECONDS),
    )


def pages_of(backend: Backend, templates: Templates, assets: Assets) -> Starlette:
    searching = SearchPages(backend)
    accounts = Accounts(backend)
    saved = SavedSearches(backend)

    def page(handle: Handle) -> Callable[[Request], Awaitable[Response]]:
        """Return an endpoint that runs *handle* and turns the errors common to all pages into responses."""

        async def endpoint(request: Request) -> Response:
            visit = Visit(request, templates, backend)
            try:
                await visit.read_form()
                response = await handle(visit)
            except CsrfFailure:
                response = visit.error_page(403)
            except LoggedOut:
                visit.clear_tokens()
                response = RedirectResponse(
                    login_url(visit.return_to) if visit.return_to else login_url_for(request), 303
                )
            except RateLimited as limited:
                response = visit.error_page(429, wait=limited.seconds)
            except BackendUnavailable as unavailable:
                response = visit.error_page(503, wait=unavailable.seconds)
            except Rejected as rejection:
                response = visit.error_page(rejection.status)
            return visit.with_cookies(response)

        return endpoint

    async def show_error(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return Visit(request, templates, backend).error_page(status)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await backend.close()

    return Starlette(
        routes=[
            Route("/", page(searching.search)),
            Route("/suggest", page(searching.suggest)),
            Route("/grants/{number:int}", page(searching.show_grant)),
            Route("/register", page(accounts.register), methods=["GET", "POST"]),
            Route("/login", page(accounts.log_in), methods=["GET", "POST"]),
            Route("/logout", page(accounts.log_out), methods=["GET", "POST"]),
            Route("/account", page(accounts.show)),
            Route("/account/password", page(accounts.change_password), methods=["GET", "POST"]),
            Route("/account/logout-everywhere", page(accounts.log_out_everywhere), methods=["POST"]),
            Route("/account/delete", page(accounts.delete), methods=["GET", "POST"]),
            Route("/saved", page(saved.show)),
            Route("/saved/new", page(saved.save), methods=["GET", "POST"]),
            Route("/saved/{number}/rename", page(saved.rename), methods=["GET", "POST"]),
            Route("/saved/{number}/delete", page(saved.delete), methods=["POST"]),
            Route("/static/{name}", assets.serve),
        ],
        exception_handlers={HTTPException: show_error, 500: show_error},
        middleware=[Middleware(GZipMiddleware, minimum_size=COMPRESSED_FROM)],
        lifespan=lifespan,
    )


def is_internal(exchange: Exchange) -> bool:
    """Return whether the request bypassed the front door, which adds X-Forwarded-For to every request."""
    return b"x-forwarded-for" not in exchange.headers
