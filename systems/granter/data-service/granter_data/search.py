"""Search: a query as SQL over the grants, and its rows as an answer."""

import re
from math import ceil
from typing import Any

from granter_data.database import Database, Row
from granter_data.languages import CONFIGURATION_OF_ROW, WHERE_WORDS_MATCH
from granter_data.query import Query

SUMMARY_LENGTH = 220
HIT, END = "\x02", "\x03"

_WORDS = f"websearch_to_tsquery({CONFIGURATION_OF_ROW}, %(words)s)"
_MARKS = f"StartSel={HIT},StopSel={END}"
_HEADLINES = f"""
    ts_headline({CONFIGURATION_OF_ROW}, title, {_WORDS}, '{_MARKS},HighlightAll=true') as title_marked,
    ts_headline({CONFIGURATION_OF_ROW}, summary, {_WORDS},
        '{_MARKS},MaxFragments=2,MaxWords=24,MinWords=10,FragmentDelimiter=" … "') as snippet"""
_PLAIN = "title as title_marked, '' as snippet"

# What can still be won comes first: open calls by date, then rolling ones, unknown ones, and closed ones last.
_BY_DEADLINE = """case when deadline >= current_date then 0 when deadline_kind = 'rolling' then 1
    when deadline is null then 2 else 3 end, case when deadline >= current_date then deadline end, deadline desc, id"""
_ORDERS = {
    "relevance": f"ts_rank(search, {_WORDS}) desc, {_BY_DEADLINE}",
    "deadline": _BY_DEADLINE,
    "newest": "first_seen desc, id desc",
}

COLUMNS = """id, source_url, language, title, funder, deadline, deadline_kind, deadline_text,
    amount_min, amount_max, currency, amount_text, summary"""


def conditions(query: Query) -> str:
    """The part after `where`."""
    parts = ["true"]
    if query.words:
        parts.append(WHERE_WORDS_MATCH)
    if query.open_only:
        parts.append("(deadline is null or deadline >= current_date)")
    if query.closes_before:
        parts.append("deadline between current_date and %(closes_before)s")
    return " and ".join(parts)


def order(query: Query) -> str:
    return _ORDERS["deadline" if query.sort == "relevance" and not query.words else query.sort]


async def search(database: Database, query: Query) -> dict[str, Any]:
    """One page of the grants that *query* asks for, and how many there are; a page past the end is the last."""
    values: Row = {"words": query.words, "closes_before": query.closes_before, "size": query.size}
    counted = await database.rows(f"select count(*) as total from grants where {conditions(query)}", values)
    total = int(counted[0]["total"])
    pages = max(1, ceil(total / query.size))
    page = min(query.page, pages)
    rows = await database.rows(
        f"select {COLUMNS}, {_HEADLINES if query.words else _PLAIN} from grants"
        f" where {conditions(query)} order by {order(query)} limit %(size)s offset %(skipped)s",
        values | {"skipped": (page - 1) * query.size},
    )
    return {
        "query": query.words,
        "sort": query.sort,
        "total": total,
        "page": page,
        "pages": pages,
        "results": [_result(row) for row in rows],
    }


async def grant(database: Database, number: int) -> dict[str, Any] | None:
    """One grant, whole; None when there is none of that number."""
    rows = await database.rows(
        f"select {COLUMNS}, body, first_seen, last_seen, changed from grants where id = %(number)s",
        {"number": number},
    )
    if not rows:
        return None
    seen = {name: rows[0][name].isoformat() for name in ("first_seen", "last_seen", "changed")}
    return facts(rows[0]) | seen | {"body": rows[0]["body"]}


def facts(row: Row) -> dict[str, Any]:
    """What the rules found out about a grant, as its JSON."""
    return {
        "id": row["id"],
        "title": row["title"],
        "funder": row["funder"],
        "language": row["language"],
        "source_url": row["source_url"],
        "deadline": {
            "kind": row["deadline_kind"],
            "date": row["deadline"].isoformat() if row["deadline"] else None,
            "text": row["deadline_text"],
        },
        "amount": {
            "least": _number(row["amount_min"]),
            "most": _number(row["amount_max"]),
            "currency": row["currency"],
            "text": row["amount_text"],
        },
    }


def pieces(marked: str) -> list[dict[str, Any]]:
    """A marked text in pieces, so that whoever shows it marks the hits in its own way."""
    cut = re.split(f"{HIT}(.*?){END}", " ".join(marked.split()))
    return [{"text": text, "hit": at % 2 == 1} for at, text in enumerate(cut) if text]


def _result(row: Row) -> dict[str, Any]:
    return facts(row) | {
        "title_pieces": pieces(row["title_marked"]),
        "snippet": pieces(
            _opened(row["snippet"], row["summary"]) if HIT in row["snippet"] else _shortened(row["summary"])
        ),
    }


def _opened(snippet: str, summary: str) -> str:
    """The snippet, with dots where it begins or ends within the summary."""
    plain = snippet.replace(HIT, "").replace(END, "")
    before = "" if plain[:20] == summary[:20] else "… "
    return before + snippet + ("" if summary.rstrip(".!?")[-15:] == plain.rstrip(".!?")[-15:] else " …")


def _shortened(text: str) -> str:
    if len(text) <= SUMMARY_LENGTH:
        return text
    return text[: SUMMARY_LENGTH + 1].rsplit(maxsplit=1)[0] + " …"


def _number(value: Any) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == int(value) else float(value)
