"""Earlier: the answers of the first slice, for pages that do not stand on the backend yet."""

from collections.abc import Mapping
from math import ceil
from typing import Any

from granter_data.database import Database
from granter_data.query import query_of
from granter_data.search import Search


async def search(searching: Search, given: Mapping[str, str]) -> dict[str, Any]:
    asked = dict(given) | {"page_size": given.get("size", "10"), "deadline_before": given.get("closes_before", "")}
    if asked["deadline_before"]:
        asked["open"] = "1"
    query = query_of(asked)
    found = await searching.find(query)
    pages = max(1, ceil(found["total"] / query.page_size))
    if query.page > pages:
        found = await searching.find(query_of(asked | {"page": str(pages)}))
    return {
        "query": query.words,
        "sort": query.sort,
        "total": found["total"],
        "page": found["page"],
        "pages": pages,
        "results": [_result(grant) for grant in found["grants"]],
    }


async def grant(database: Database, number: int, told: dict[str, Any]) -> dict[str, Any]:
    rows = await database.rows(
        "select first_seen, last_seen, changed, body from grants where id = %(number)s", {"number": number}
    )
    seen = {name: rows[0][name].isoformat() for name in ("first_seen", "last_seen", "changed")} if rows else {}
    words = {field: source["evidence"] for field, source in told["provenance"].items()}
    return _result(told, words) | {"source_url": told["source"]["url"], "body": told["source"]["text"]} | seen


def _result(told: dict[str, Any], words: Mapping[str, str] | None = None) -> dict[str, Any]:
    words = words or {}
    amount = told["amount"] or {"min": None, "max": None, "currency": None}
    kind = "date" if told["deadline"] else "rolling" if told["rolling"] else "unknown"
    return {
        "id": told["id"],
        "title": told["title"],
        "funder": told["funder"],
        "language": told["language"],
        "source_url": "",
        "deadline": {"kind": kind, "date": told["deadline"], "text": words.get("deadline")},
        "amount": {
            "least": amount["min"],
            "most": amount["max"],
            "currency": amount["currency"],
            "text": words.get("amount"),
        },
        "title_pieces": [{"text": told["title"], "hit": False}],
        "snippet": [{"text": piece["text"], "hit": piece["mark"]} for piece in told["snippet"]],
    }
