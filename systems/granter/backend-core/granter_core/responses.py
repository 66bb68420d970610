"""Response models: this service's responses, and those of the data-service that it forwards."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class ResponseModel(BaseModel):
    """Base of the response models. Unknown fields are kept, because a newer data-service may send them."""

    model_config = ConfigDict(frozen=True, extra="allow")


class Registered(ResponseModel):
    email: str


class TokenPair(ResponseModel):
    access_token: str
    refresh_token: str
    token_type: Annotated[str, Field(pattern="^Bearer$")] = "Bearer"
    expires_in: int


class Me(ResponseModel):
    id: UUID
    email: str
    curator: bool
    created_at: datetime


class SavedSearch(ResponseModel):
    """A saved search. Its query has the parameters of `/api/search`."""

    id: UUID
    name: str
    query: dict[str, str]
    created_at: datetime


class SavedSearches(ResponseModel):
    saved_searches: list[SavedSearch]


class TextFragment(ResponseModel):
    text: str
    mark: bool


class Money(ResponseModel):
    min: float | None
    max: float | None
    currency: str | None


class Grant(ResponseModel):
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
    snippet: list[TextFragment]
    closes_in_days: int | None


class SearchResults(ResponseModel):
    total: int
    page: int
    page_size: int
    grants: list[Grant]
    facets: dict[str, dict[str, int]]


class Source(ResponseModel):
    url: str
    site: str | None
    fetched_at: datetime | None
    text: str


class Provenance(ResponseModel):
    by: str
    at: datetime | None
    evidence: str | None


class GrantDetails(Grant):
    """A complete grant. A withdrawn grant can be read, with its time of withdrawal, but searches omit it."""

    withdrawn_at: datetime | None = None
    source: Source
    provenance: dict[str, Provenance]


class Suggestions(ResponseModel):
    suggestions: list[str]


class ScrapeRound(ResponseModel):
    round: int | str | None


class SourceStatus(ResponseModel):
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


class ScrapeStatus(ScrapeRound):
    state: str
    summary: str | None = None
    sources: list[SourceStatus]


class Attempt(ResponseModel):
    by: str
    outcome: str
    took_ms: float | None


class Extracted(ResponseModel):
    fields: dict[str, object]
    provenance: dict[str, object]
    chain: list[Attempt]
    note: str | None = None


class Problem(ResponseModel):
    """Problem details, RFC 9457."""

    type: str
    title: str
    status: int
    detail: str | None = None
    request_id: str | None = None
