"""Searching: the search page, the page of one grant, and the suggestions while a visitor types."""

import logging
from urllib.parse import parse_qsl

from starlette.responses import JSONResponse, Response

from granter_web.asked import ANY_CURRENCY, Asked, asked_of, misread
from granter_web.backend import Away, Backend, Refused, TooMany
from granter_web.evidence import found_in, shown_in
from granter_web.paging import pages_around
from granter_web.sums import currency_of
from granter_web.visit import Visit

log = logging.getLogger(__name__)


class Searching:
    """Open to everyone. When backend-core is unreachable or rate-limits, the fields keep what the visitor entered."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def search(self, visit: Visit) -> Response:
        """Show one page of a search. Redirect to the search's canonical address, whatever the visitor typed."""
        given = visit.request.query_params
        asked, unread = asked_of(given), misread(given)
        if asked.sums_without_currency:
            asked = asked.in_currency(currency_of(visit.request.headers.get("accept-language", "")))
        if not unread and dict(given) != dict(parse_qsl(asked.said)):
            return visit.goes_to(asked.address)
        try:
            found = await self._backend.search(asked.of_page())
        except TooMany as many:
            return self._apology(visit, asked, 429, many.seconds)
        except Away as away:
            log.warning("answered a search with an apology: %s", away)
            return self._apology(visit, asked, 503, away.seconds)
        if not found.grants and asked.page > 1:  # always towards the first page: the total may be outdated
            return visit.goes_to(asked.at(min(found.pages, asked.page - 1)).address)
        elsewhere = [] if found.grants else await self._elsewhere(asked)
        near = [] if found.grants else [Asked(name) for name in await self._names_like(asked.words)]
        around = pages_around(found.page, found.pages)
        return visit.page(
            "search.html",
            asked=asked,
            unread=unread,
            found=found,
            around=around,
            near=near,
            elsewhere=elsewhere,
            trouble=None,
        )

    async def suggest(self, visit: Visit) -> Response:
        return JSONResponse({"suggestions": await self._names_like(asked_of(visit.request.query_params).words)})

    async def read(self, visit: Visit) -> Response:
        grant = await self._backend.grant(int(visit.request.path_params["number"]))
        if grant is None:
            return visit.trouble(404)
        lines = shown_in(grant.source.text, grant.provenance) if grant.source else []
        elsewhere = {name: said for name, said in grant.provenance.items() if name not in found_in(lines)}
        title = shown_in(grant.title, elsewhere)
        back = asked_of(visit.request.query_params)
        return visit.page(
            "grant.html",
            grant=grant,
            lines=lines,
            title=title,
            marked_fields=found_in(lines) | found_in(title),
            back=back,
            of_funder=Asked(funder=grant.funder or ""),
            of_region=Asked(region=grant.region or ""),
            of_topics=[Asked(topic=topic) for topic in grant.topics],
        )

    async def _elsewhere(self, asked: Asked) -> list[tuple[int, str, Asked]]:
        """Return alternatives to a search without results: their number, a description, and the search."""
        wider = []
        if asked.sums_in_one_currency:
            wider.append(("in other currencies", asked.in_currency(ANY_CURRENCY).at(1)))
        if asked.narrowed:
            wider.append(("without filters", asked.unfiltered))
        try:
            found = [(await self._backend.search(other.of_page())).total for _, other in wider]
        except (Away, TooMany, Refused):
            return []  # suggestions are optional, so their failure is not an error
        return [(total, words, other) for total, (words, other) in zip(found, wider, strict=True) if total]

    async def _names_like(self, words: str) -> tuple[str, ...]:
        try:
            return await self._backend.suggest(words) if words else ()
        except (Away, TooMany, Refused):
            return ()  # suggestions are optional, so their failure is not an error

    def _apology(self, visit: Visit, asked: Asked, status: int, wait: int) -> Response:
        return visit.page("search.html", status=status, wait=wait, asked=asked, unread=(), found=None, trouble=status)
