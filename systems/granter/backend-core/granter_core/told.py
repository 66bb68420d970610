"""What we tell: the models of our own answers, and of what the data-service answers and we pass on."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Told(BaseModel):
    """Fields of a neighbour that is newer than we are pass through."""

    model_config = ConfigDict(frozen=True, extra="allow")


class Registered(Told):
    email: str


class TokenPair(Told):
    access_token: str
    refresh_token: str
    token_type: Annotated[str, Field(pattern="^Bearer$")] = "Bearer"
    expires_in: int


class Me(Told):
    id: UUID
    email: str
    curator: bool
    created_at: datetime


class SavedSearch(Told):
    """The query comes in the words of `/api/search`, ready to be asked again."""

    id: UUID
    name: str
    query: dict[str, str]
    created_at: datetime


class SavedSearches(Told):
    saved_searches: list[SavedSearch]


class Piece(Told):
    text: str
    mark: bool


class Money(Told):
    min: float | None
    max: float | None
    currency: str | None


class Grant(Told):
    id: int | str
    title: str
    funder: str | None
    deadline: date | None
    rolling: bool
    closed: bool = False
    amount: Money | None
    topics: list[str]
    region: str | None
    language: str | None
    snippet: list[Piece]
    closes_in_days: int | None


class Found(Told):
    total: int
    page: int
    page_size: int
    grants: list[Grant]
    facets: dict[str, dict[str, int]]


class Source(Told):
    url: str
    site: str | None
    fetched_at: datetime | None
    text: str


class Provenance(Told):
    by: str
    at: datetime | None
    evidence: str | None


class WholeGrant(Grant):
    """One whose notice its source has taken down since is told still, with the moment; a search finds it no more."""

    withdrawn_at: datetime | None = None
    source: Source
    provenance: dict[str, Provenance]


class Suggestions(Told):
    suggestions: list[str]


class Round(Told):
    round: int | str | None


class ScrapedSource(Told):
    name: str
    state: str
    pages: int
    notices: int
    new: int
    changed: int
    unchanged: int
    failed: int
    error: str | None
    at: datetime | None


class Scraping(Round):
    state: str
    summary: str | None = None
    sources: list[ScrapedSource]


class Attempt(Told):
    by: str
    outcome: str
    took_ms: float | None


class Extracted(Told):
    fields: dict[str, object]
    provenance: dict[str, object]
    chain: list[Attempt]
    note: str | None = None


class Problem(Told):
    """Problem details, RFC 9457."""

    type: str
    title: str
    status: int
    detail: str | None = None
    request_id: str | None = None
