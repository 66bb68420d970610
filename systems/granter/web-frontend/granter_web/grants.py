"""Grants from backend-core, as values that the pages show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

FIELDS = ("title", "funder", "deadline", "amount", "topics", "region", "language")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `hit` is true where it matches a word of the search."""

    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class Amount:
    least: Decimal | None
    most: Decimal | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class Provenance:
    """The origin of a field: its reader (the rules or a model), when it was read, and the words it was read from."""

    by: str
    at: datetime | None
    evidence: str


@dataclass(frozen=True, slots=True)
class Source:
    url: str
    site: str
    fetched: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class Grant:
    number: int
    title: str
    funder: str | None
    deadline: date | None
    rolling: bool
    closed: bool
    amount: Amount | None
    topics: tuple[str, ...]
    region: str | None
    language: str
    snippet: tuple[Piece, ...]
    days_left: int | None = None
    withdrawn: datetime | None = None
    source: Source | None = None
    provenance: Mapping[str, Provenance] = field(default_factory=dict)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            number=int(data["id"]),
            title=data["title"],
            funder=data["funder"],
            deadline=date.fromisoformat(data["deadline"]) if data["deadline"] else None,
            rolling=bool(data["rolling"]),
            closed=bool(data.get("closed")),
            amount=_amount(data["amount"]),
            topics=tuple(data.get("topics") or ()),
            region=data.get("region"),
            language=data["language"] or "",
            snippet=tuple(Piece(piece["text"], piece["mark"]) for piece in data.get("snippet") or ()),
            days_left=data.get("closes_in_days"),
            withdrawn=_parse_time(data.get("withdrawn_at")),
            source=_source(data["source"]) if "source" in data else None,
            provenance={
                name: Provenance(item.get("by") or "rules", _parse_time(item.get("at")), item.get("evidence") or "")
                for name, item in (data.get("provenance") or {}).items()
                if name in FIELDS
            },
        )


@dataclass(frozen=True, slots=True)
class SearchResults:
    """One page of results, and the number of all results for each topic and region."""

    total: int
    page: int
    pages: int
    page_size: int
    grants: tuple[Grant, ...]
    topics: Mapping[str, int]
    regions: Mapping[str, int]

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        total, size = int(data["total"]), max(1, int(data["page_size"]))
        facets = data.get("facets") or {}
        return cls(
            total=total,
            page=int(data["page"]),
            pages=max(1, -(-total // size)),
            page_size=size,
            grants=tuple(map(Grant.read, data["grants"])),
            topics=facets.get("topics") or {},
            regions=facets.get("regions") or {},
        )


def _amount(data: Mapping[str, Any] | None) -> Amount | None:
    if not data:
        return None
    return Amount(_decimal(data["min"]), _decimal(data["max"]), data["currency"])


def _source(data: Mapping[str, Any]) -> Source:
    # The address comes from a foreign page: keep it only if a browser may safely follow it.
    url = data["url"] if str(data["url"]).startswith(("http://", "https://")) else ""
    return Source(url, data.get("site") or "", _parse_time(data.get("fetched_at")), data.get("text") or "")


def _parse_time(data: str | None) -> datetime | None:
    return datetime.fromisoformat(data) if data else None


def _decimal(data: Any) -> Decimal | None:
    return None if data is None else Decimal(str(data))
