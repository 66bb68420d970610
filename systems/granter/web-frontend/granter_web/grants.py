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
    """The reader of a field, the time, and the words it was read from."""

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
    def read(cls, told: Mapping[str, Any]) -> Self:
        return cls(
            number=int(told["id"]),
            title=told["title"],
            funder=told["funder"],
            deadline=date.fromisoformat(told["deadline"]) if told["deadline"] else None,
            rolling=bool(told["rolling"]),
            closed=bool(told.get("closed")),
            amount=_amount(told["amount"]),
            topics=tuple(told.get("topics") or ()),
            region=told.get("region"),
            language=told["language"] or "",
            snippet=tuple(Piece(piece["text"], piece["mark"]) for piece in told.get("snippet") or ()),
            days_left=told.get("closes_in_days"),
            withdrawn=_moment(told.get("withdrawn_at")),
            source=_source(told["source"]) if "source" in told else None,
            provenance={
                name: Provenance(said.get("by") or "rules", _moment(said.get("at")), said.get("evidence") or "")
                for name, said in (told.get("provenance") or {}).items()
                if name in FIELDS
            },
        )


@dataclass(frozen=True, slots=True)
class Found:
    """One page of results, and the number of all results for each topic and region."""

    total: int
    page: int
    pages: int
    page_size: int
    grants: tuple[Grant, ...]
    topics: Mapping[str, int]
    regions: Mapping[str, int]

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        total, size = int(told["total"]), max(1, int(told["page_size"]))
        facets = told.get("facets") or {}
        return cls(
            total=total,
            page=int(told["page"]),
            pages=max(1, -(-total // size)),
            page_size=size,
            grants=tuple(map(Grant.read, told["grants"])),
            topics=facets.get("topics") or {},
            regions=facets.get("regions") or {},
        )


def _amount(told: Mapping[str, Any] | None) -> Amount | None:
    if not told:
        return None
    return Amount(_decimal(told["min"]), _decimal(told["max"]), told["currency"])


def _source(told: Mapping[str, Any]) -> Source:
    # The address comes from a foreign page: keep it only if a browser may safely follow it.
    url = told["url"] if str(told["url"]).startswith(("http://", "https://")) else ""
    return Source(url, told.get("site") or "", _moment(told.get("fetched_at")), told.get("text") or "")


def _moment(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told) if told else None


def _decimal(told: Any) -> Decimal | None:
    return None if told is None else Decimal(str(told))
