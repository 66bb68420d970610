"""What people do with grants: search them, read them, keep searches; and what gathers them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from granter_core import audit
from granter_core.asked import Extraction, PagedSearch, Renaming, SavedSearchWanted
from granter_core.parts import Curator, WhoAsks, Wired
from granter_core.problems import problems
from granter_core.told import Extracted, Found, Round, SavedSearch, SavedSearches, Scraping, Suggestions, WholeGrant
from granter_core.words import Words
from mainstay_kit import Problem

grants = APIRouter(prefix="/api")


@grants.get("/search", tags=["grants"], response_model=Found, responses=problems(502))
async def search(parts: Wired, asked: Annotated[PagedSearch, Query()]) -> Response:
    """Search grants; open to everybody.

    `currency` says what `min_amount` and `max_amount` are in: without it, or with `any`, amounts are compared as
    numbers, whatever their currency. `funder` finds those in whose name each of its words begins a word.
    """
    return await parts.data_service.get("/grants", Found, asked.parameters())


@grants.get("/suggest", tags=["grants"], response_model=Suggestions, responses=problems(502))
async def suggest(parts: Wired, query: Words) -> Response:
    """Titles and funders that begin like what is being typed."""
    return await parts.data_service.get("/suggest", Suggestions, {"query": query})


@grants.get("/grants/{number}", tags=["grants"], response_model=WholeGrant, responses=problems(404, 502))
async def grant(parts: Wired, number: Annotated[int, Path(ge=1, lt=2**63)]) -> Response:
    """One grant, with the text it was read from and where each fact was found."""
    return await parts.data_service.get(f"/grants/{number}", WholeGrant)


@grants.get("/saved-searches", tags=["saved searches"], responses=problems(401))
async def saved_searches(parts: Wired, who: WhoAsks) -> SavedSearches:
    return SavedSearches(saved_searches=await parts.saved_searches.all_of(who.id))


@grants.post("/saved-searches", tags=["saved searches"], status_code=201, responses=problems(401, 409))
async def save_search(parts: Wired, who: WhoAsks, wanted: SavedSearchWanted) -> SavedSearch:
    """Save a search under a name; one that was saved under it before is replaced."""
    return await parts.saved_searches.save(who.id, wanted)


@grants.patch("/saved-searches/{search}", tags=["saved searches"], responses=problems(401, 404, 409))
async def rename_search(parts: Wired, who: WhoAsks, search: UUID, wanted: Renaming) -> SavedSearch:
    """Give a saved search another name, unless another one has it."""
    return await parts.saved_searches.rename(who.id, search, wanted.name)


@grants.delete("/saved-searches/{search}", tags=["saved searches"], status_code=204, responses=problems(401, 404))
async def delete_search(parts: Wired, who: WhoAsks, search: UUID) -> Response:
    if not await parts.saved_searches.delete(who.id, search):
        raise Problem(404, "there is no such saved search")
    return Response(status_code=204)


@grants.get("/scrape", tags=["gathering"], response_model=Scraping, responses=problems(401, 502))
async def scraping(parts: Wired, _: WhoAsks) -> Response:
    """How the gathering of notices stands, source by source."""
    return await parts.data_service.get("/scrape", Scraping)


@grants.post("/scrape", tags=["gathering"], status_code=202, response_model=Round, responses=problems(401, 403, 502))
async def scrape(request: Request, parts: Wired, who: Curator) -> Response:
    """Start a round over the sources now, unless one is running. Only for curators."""
    audit.record(request, "round requested", who.id)
    return await parts.data_service.post("/scrape", Round)


@grants.post("/extract", tags=["gathering"], response_model=Extracted, responses=problems(401, 403, 502))
async def extract(request: Request, parts: Wired, who: Curator, said: Extraction) -> Response:
    """Read the text of a notice and say who read each field. Only for curators.

    All curators share one budget of model time and cost for each hour. When it is used up, only the rules read, and
    `note` says so.
    """
    audit.record(request, "extraction requested", who.id)
    return await parts.data_service.post("/extract", Extracted, {"text": said.text})
