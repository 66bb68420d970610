"""Grants: what the data-service tells about them, as values that the pages show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Self

import httpx2


class DataAway(Exception):
    """The data-service does not answer, or not with an answer; asking again later may work."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `hit` where the search found its words."""

    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class Grant:
    number: int
    title: str
    funder: str | None
    language: str
    source_url: str
    deadline_kind: str
    deadline: date | None
    deadline_text: str | None
    least: Decimal | None
    most: Decimal | None
    currency: str | None
    amount_text: str | None
    title_pieces: tuple[Piece, ...] = ()
    snippet: tuple[Piece, ...] = ()
    body: tuple[str, ...] = ()
    last_seen: date | None = None

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        deadline, amount = told["deadline"], told["amount"]
        return cls(
            number=int(told["id"]),
            title=told["title"],
            funder=told["funder"],
            language=told["language"],
            # An address comes from a foreign page: only such as a browser may safely follow are kept.
            source_url=told["source_url"] if told["source_url"].startswith(("http://", "https://")) else "",
            deadline_kind=deadline["kind"],
            deadline=date.fromisoformat(deadline["date"]) if deadline["date"] else None,
            deadline_text=deadline["text"],
            least=_decimal(amount["least"]),
            most=_decimal(amount["most"]),
            currency=amount["currency"],
            amount_text=amount["text"],
            title_pieces=_pieces(told.get("title_pieces", ())),
            snippet=_pieces(told.get("snippet", ())),
            body=tuple(told.get("body", "").splitlines()),
            last_seen=date.fromisoformat(told["last_seen"][:10]) if "last_seen" in told else None,
        )


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a search."""

    total: int
    page: int
    pages: int
    grants: tuple[Grant, ...]


class Grants:
    """The data-service, asked over HTTP with the service token."""

    def __init__(self, url: str, token: str) -> None:
        self._client = httpx2.AsyncClient(base_url=url, headers={"X-Service-Token": token}, timeout=5, trust_env=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def search(self, asked: Mapping[str, str]) -> Found:
        told = await self._told("/search", asked)
        grants = tuple(map(Grant.read, told["results"])) if told else ()
        return Found(told["total"], told["page"], told["pages"], grants) if told else Found(0, 1, 1, ())

    async def read(self, number: int) -> Grant | None:
        """The grant of that number; None when there is none."""
        told = await self._told(f"/grants/{number}", {})
        return Grant.read(told) if told else None

    async def answers(self) -> bool:
        try:
            return (await self._client.get("/live", timeout=1)).is_success
        except httpx2.HTTPError:
            return False

    async def _told(self, path: str, asked: Mapping[str, str]) -> dict[str, Any] | None:
        try:
            answer = await self._client.get(path, params=dict(asked))
        except httpx2.HTTPError as away:
            raise DataAway(f"data-service: {type(away).__name__} {away}") from away
        if answer.status_code == 404:
            return None
        if answer.status_code != 200:
            raise DataAway(f"data-service answered {answer.status_code}")
        told: dict[str, Any] = answer.json()
        return told


def _pieces(told: Any) -> tuple[Piece, ...]:
    return tuple(Piece(piece["text"], piece["hit"]) for piece in told)


def _decimal(told: Any) -> Decimal | None:
    return None if told is None else Decimal(str(told))
