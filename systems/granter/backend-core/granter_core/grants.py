"""Grants over HTTP: search, read, saved searches, scraping and extraction."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from granter_core import audit
from granter_core.parts import Curator, CurrentAccount, InjectedParts
from granter_core.problems import problems
from granter_core.requests import ExtractionRequest, NewName, NewSavedSearch, PagedSearch
from granter_core.responses import (
    Extracted,
    GrantDetails,
    SavedSearch,
    SavedSearches,
    ScrapeRound,
    ScrapeStatus,
    SearchResults,
    Suggestions,
)
from granter_core.words import Words
from mainstay_kit import Problem

grants = APIRouter(prefix="/api")


@grants.get("/search", tags=["grants"], response_model=SearchResults, responses=problems(502))
async def search(parts: InjectedParts, query: Annotated[PagedSearch, Query()]) -> Response:
    """Search grants; no account is needed.

    `currency` is the currency of `min_amount` and `max_amount`: without it, or with `any`, amounts are compared as
    numbers, whatever their currency. `funder` finds a name if every word of `funder` is the beginning of a word of it.
    """
    return await parts.data_service.get("/grants", SearchResults, query.parameters())


@grants.get("/suggest", tags=["grants"], response_model=Suggestions, responses=problems(502))
async def suggest(parts: InjectedParts, query: Words) -> Response:
    """Return titles and funders in which every typed word is the beginning of a word."""
    return await parts.data_service.get("/suggest", Suggestions, {"query": query})


@grants.get("/grants/{number}", tags=["grants"], response_model=GrantDetails, responses=problems(404, 502))
async def grant(parts: InjectedParts, number: Annotated[int, Path(ge=1, lt=2**63)]) -> Response:
    """Return one grant with its source text and the evidence for each field."""
    return await parts.data_service.get(f"/grants/{number}", GrantDetails)


@grants.get("/saved-searches", tags=["saved searches"], responses=problems(401))
async def saved_searches(parts: InjectedParts, account: CurrentAccount) -> SavedSearches:
    return SavedSearches(saved_searches=await parts.saved_searches.all_of(account.id))


@grants.post("/saved-searches", tags=["saved searches"], status_code=201, responses=problems(401, 409))
async def save_search(parts: InjectedParts, account: CurrentAccount, body: NewSavedSearch) -> SavedSearch:
    """Save a search under a name, replacing an existing search of that name."""
    return await parts.saved_searches.save(account.id, body)


@grants.patch("/saved-searches/{search}", tags=["saved searches"], responses=problems(401, 404, 409))
async def rename_search(parts: InjectedParts, account: CurrentAccount, search: UUID, body: NewName) -> SavedSearch:
    """Rename a saved search, unless another one has that name."""
    return await parts.saved_searches.rename(account.id, search, body.name)


@grants.delete("/saved-searches/{search}", tags=["saved searches"], status_code=204, responses=problems(401, 404))
async def delete_search(parts: InjectedParts, account: CurrentAccount, search: UUID) -> Response:
    if not await parts.saved_searches.delete(account.id, search):
        raise Problem(404, "saved search not found")
    return Response(status_code=204)


@grants.get("/scrape", tags=["scraping"], response_model=ScrapeStatus, responses=problems(401, 502))
async def scraping(parts: InjectedParts, _: CurrentAccount) -> Response:
    """Return the state of the latest scraping round, for each source."""
    return await parts.data_service.get("/scrape", ScrapeStatus)


@grants.post(
    "/scrape", tags=["scraping"], status_code=202, response_model=ScrapeRound, responses=problems(401, 403, 502)
)
async def scrape(request: Request, parts: InjectedParts, account: Curator) -> Response:
    """Start a scraping round now, unless one is running. Only for curators."""
    audit.record(request, "round requested", account.id)
    return await parts.data_service.post("/scrape", ScrapeRound)


@grants.post("/extract", tags=["scraping"], response_model=Extracted, responses=problems(401, 403, 502))
async def extract(request: Request, parts: InjectedParts, account: Curator, body: ExtractionRequest) -> Response:
    """Return the fields of a notice, and whether a model or the rules read each field. Only for curators.

    All curators share an hourly budget of model time and cost. When it is used up, only the rules are used, and `note`
    states that.
    """
    audit.record(request, "extraction requested", account.id)
    return await parts.data_service.post("/extract", Extracted, {"text": body.text})
