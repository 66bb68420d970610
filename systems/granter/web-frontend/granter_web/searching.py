"""Searching: the page to find grants on, the page to read one, and the suggestions while somebody types."""

import logging

from starlette.responses import JSONResponse, Response

from granter_web.asked import Asked, asked_of
from granter_web.backend import Away, Backend, Refused, TooMany
from granter_web.evidence import found_in, shown_in
from granter_web.paging import pages_around
from granter_web.visit import Visit

log = logging.getLogger(__name__)


class Searching:
    """Open to everybody. When backend-core is away or wants a pause, what was asked for stays in its fields."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def search(self, visit: Visit) -> Response:
        given = visit.request.query_params
        asked = asked_of(given)
        if not all(given.values()):  # a form sends its empty fields too; the address people share has none
            return visit.goes_to(asked.address)
        try:
            found = await self._backend.search(asked.of_page())
        except TooMany as many:
            return self._apology(visit, asked, 429, many.seconds)
        except Away as away:
            log.warning("answered a search with an apology: %s", away)
            return self._apology(visit, asked, 503, away.seconds)
        around = pages_around(found.page, found.pages)
        return visit.page("search.html", asked=asked, found=found, around=around, trouble=None)

    async def suggest(self, visit: Visit) -> Response:
        words = asked_of(visit.request.query_params).words
        try:
            suggestions = await self._backend.suggest(words) if words else ()
        except (Away, TooMany, Refused):
            suggestions = ()  # they are a help, and no help is no error
        return JSONResponse({"suggestions": suggestions})

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

    def _apology(self, visit: Visit, asked: Asked, status: int, wait: int) -> Response:
        return visit.page("search.html", status=status, wait=wait, asked=asked, found=None, trouble=status)
