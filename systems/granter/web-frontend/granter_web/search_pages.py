"""Searching: the search page, the page of one grant, and the suggestions while a visitor types."""

import logging
from urllib.parse import parse_qsl

from starlette.responses import JSONResponse, Response

from granter_web.amounts import currency_of
from granter_web.backend import Backend, BackendUnavailable, RateLimited, Rejected
from granter_web.evidence import mark_evidence, marked_fields
from granter_web.paging import pages_around
from granter_web.search_query import ANY_CURRENCY, SearchQuery, parse_query, unreadable_values
from granter_web.visit import Visit

log = logging.getLogger(__name__)


class SearchPages:
    """The pages that need no account. If backend-core is unreachable or refuses, the form keeps the visitor's input."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def search(self, visit: Visit) -> Response:
        """Show one page of results. Redirect to the search's canonical address if the requested one differs."""
        parameters = visit.request.query_params
        query, unreadable = parse_query(parameters), unreadable_values(parameters)
        if query.amounts_without_currency:
            query = query.with_currency(currency_of(visit.request.headers.get("accept-language", "")))
        if not unreadable and dict(parameters) != dict(parse_qsl(query.query_string)):
            return visit.redirect(query.address)
        try:
            results = await self._backend.search(query.page_parameters())
        except RateLimited as limited:
            return self._error_page(visit, query, 429, limited.seconds)
        except BackendUnavailable as error:
            log.warning("search unavailable: %s", error)
            return self._error_page(visit, query, 503, error.seconds)
        # Always redirect to a lower page: the total may be outdated, and two pages must not redirect to each other.
        if not results.grants and query.page > 1:
            return visit.redirect(query.with_page(min(results.pages, query.page - 1)).address)
        alternatives = [] if results.grants else await self._alternatives(query)
        similar = [] if results.grants else [SearchQuery(name) for name in await self._names_like(query.words)]
        page_links = pages_around(results.page, results.pages)
        return visit.page(
            "search.html",
            query=query,
            unreadable=unreadable,
            results=results,
            page_links=page_links,
            similar=similar,
            alternatives=alternatives,
            error_status=None,
        )

    async def suggest(self, visit: Visit) -> Response:
        return JSONResponse({"suggestions": await self._names_like(parse_query(visit.request.query_params).words)})

    async def show_grant(self, visit: Visit) -> Response:
        grant = await self._backend.grant(int(visit.request.path_params["number"]))
        if grant is None:
            return visit.error_page(404)
        lines = mark_evidence(grant.source.text, grant.provenance) if grant.source else []
        alternatives = {name: item for name, item in grant.provenance.items() if name not in marked_fields(lines)}
        title = mark_evidence(grant.title, alternatives)
        back = parse_query(visit.request.query_params)
        return visit.page(
            "grant.html",
            grant=grant,
            lines=lines,
            title=title,
            marked_fields=marked_fields(lines) | marked_fields(title),
            back=back,
            of_funder=SearchQuery(funder=grant.funder or ""),
            of_region=SearchQuery(region=grant.region or ""),
            of_topics=[SearchQuery(topic=topic) for topic in grant.topics],
        )

    async def _alternatives(self, query: SearchQuery) -> list[tuple[int, str, SearchQuery]]:
        """Return broader searches than *query*, each with the number of its results and a description of it."""
        broader = []
        if query.amounts_in_one_currency:
            broader.append(("in other currencies", query.with_currency(ANY_CURRENCY).with_page(1)))
        if query.is_filtered:
            broader.append(("without filters", query.unfiltered))
        try:
            results = [(await self._backend.search(other.page_parameters())).total for _, other in broader]
        except (BackendUnavailable, RateLimited, Rejected):
            return []  # suggestions are optional, so their failure is not an error
        return [(total, words, other) for total, (words, other) in zip(results, broader, strict=True) if total]

    async def _names_like(self, words: str) -> tuple[str, ...]:
        try:
            return await self._backend.suggest(words) if words else ()
        except (BackendUnavailable, RateLimited, Rejected):
            return ()  # suggestions are optional, so their failure is not an error

    def _error_page(self, visit: Visit, query: SearchQuery, status: int, wait: int) -> Response:
        return visit.page(
            "search.html", status=status, wait=wait, query=query, unreadable=(), results=None, error_status=status
        )
