"""Search: a query as SQL over the grants, and its rows as a response."""

import asyncio
import time
from typing import Any

from granter_data.database import Database, Execute, Row
from granter_data.languages import BRANCHES, CONFIGURATION_OF_ROW, QUERY_OF_ROW, plain
from granter_data.query import Query
from granter_data.responses import END, HIT, grant_json
from granter_data.suggest import prefixes_of

_HEADLINE = f"""ts_headline({CONFIGURATION_OF_ROW}, left(summary, 3000), {QUERY_OF_ROW},
    'StartSel={HIT},StopSel={END},MaxFragments=2,MaxWords=24,MinWords=10,FragmentDelimiter=" … "')"""
COLUMNS = """id, language, title, funder, deadline, deadline_kind, amount_min, amount_max, currency,
    topics, region, summary"""

# Grants that can still be applied for come first: open calls by date, then rolling, unknown, and closed ones last.
_STATUS = """(case when deadline >= current_date then 0 when deadline_kind = 'rolling' then 1
    when deadline is null and deadline_kind <> 'closed' then 2 else 3 end)"""
_BY_DEADLINE = f"{_STATUS}, case when deadline >= current_date then deadline end, deadline desc, id"
_ORDERS = {
    "relevance": f"near desc, {_BY_DEADLINE}",
    "deadline": _BY_DEADLINE,
    "amount": "coalesce(amount_max, amount_min) desc nulls last, id",
    "newest": "first_seen desc, id desc",
}
_OPEN = ("deadline >= current_date", "deadline, id")
_UNDATED = (
    ("deadline is null and deadline_kind = 'rolling'", "id"),
    ("deadline is null and deadline_kind = 'unknown'", "id"),
)
_CLOSED = ("deadline < current_date", "deadline desc, id desc")
_CLOSED_UNDATED = ("deadline is null and deadline_kind = 'closed'", "id")

_SORTED_BY = "id, topics, region, deadline, deadline_kind, amount_min, amount_max, first_seen"

BLOCK = 300
CACHE_SECONDS = 30.0
MAX_CACHED = 256


def conditions(query: Query) -> str:
    """Return the `where` condition of *query*, without the condition on its words."""
    parts = ["withdrawn is null", "copy_of is null"]
    if query.topics:
        parts.append("topics && %(topics)s::text[]")
    if query.funder:
        parts.append("(names @@ to_tsquery('simple', %(funder_words)s) or lower(funder) = lower(%(funder)s))")
    if query.region:
        parts.append("region = %(region)s")
    if query.currency:
        parts.append("currency = %(currency)s")
    if query.min_amount is not None:
        parts.append("coalesce(amount_max, amount_min) >= %(min_amount)s")
    if query.max_amount is not None:
        parts.append("coalesce(amount_min, amount_max) <= %(max_amount)s")
    if query.deadline_after:
        parts.append("deadline >= %(deadline_after)s")
    if query.deadline_before:
        parts.append("deadline <= %(deadline_before)s")
    if query.open_only:
        parts.append("(deadline is null and deadline_kind <> 'closed' or deadline >= current_date)")
    return " and ".join(parts)


def values_of(query: Query) -> Row:
    return {
        "words": query.words,
        "plain": plain(query.words),
        "topics": list(query.topics),
        "funder": query.funder,
        "funder_words": prefixes_of(query.funder, "B"),
        "region": query.region,
        "currency": query.currency,
        "min_amount": query.min_amount,
        "max_amount": query.max_amount,
        "deadline_after": query.deadline_after,
        "deadline_before": query.deadline_before,
        "size": query.page_size,
        "skipped": (query.page - 1) * query.page_size,
    }


# Hits are counted per combination of topics and region first: there are few combinations, and many hits.
_COUNTED = """counted as (select topics, region, count(*) as n from {hits} group by 1, 2)"""
_FACETS = """
    (select coalesce(sum(n), 0)::bigint from counted) as total,
    coalesce((select jsonb_object_agg(topic, n) from
        (select topic, sum(n) as n from counted, unnest(topics) as topic group by 1) as t), '{}') as topics,
    coalesce((select jsonb_object_agg(region, n) from
        (select region, sum(n) as n from counted where region is not null group by 1) as r), '{}') as regions"""


def by_words(query: Query) -> str:
    """Return a statement for a query with words: it finds all hits once, and returns counts and the ids of one page.

    Ranking by full text is slow. So hits are ranked by title and funder first, and by full text only within blocks of
    `BLOCK` hits. Most searches find fewer hits than that, and are ranked by full text alone.
    """
    near = "ts_rank(head, {tsquery}) as near" if query.sort == "relevance" else "0 as near"
    where = conditions(query)
    hits = " union all ".join(
        f"select {_SORTED_BY}, {near.format(tsquery=tsquery)} from grants where {rows} and search @@ {tsquery}"
        f" and {where}"
        for rows, tsquery in BRANCHES
    )
    if query.sort == "relevance":
        page = f"""
            select id, row_number() over (order by block, rank desc, place) as place
            from (
                select id, place, (place - 1) / {BLOCK} as block,
                    (select ts_rank(search, {QUERY_OF_ROW}) from grants where grants.id = all_hits.id) as rank
                from (select id, row_number() over (order by {_ORDERS["relevance"]}) as place from hits) as all_hits
                where place > %(skipped)s / {BLOCK} * {BLOCK}
                    and place <= ((%(skipped)s + %(size)s - 1) / {BLOCK} + 1) * {BLOCK}
            ) as ranked
            order by place limit %(size)s offset %(skipped)s - %(skipped)s / {BLOCK} * {BLOCK}"""
    else:
        page = f"""
            select id, row_number() over () as place
            from (select id from hits order by {_ORDERS[query.sort]} limit %(size)s offset %(skipped)s) as sorted"""
    return f"""
        with hits as materialized ({hits}), page as ({page}), {_COUNTED.format(hits="hits")}
        select {_FACETS},
            (select array_agg(id order by place) from page) as ids"""


def page_of(query: Query) -> str:
    """Return a statement for the ids of one page of a query without words. It reads each part in an index's order."""
    where = conditions(query)
    if query.sort not in ("deadline", "relevance"):
        order = _ORDERS[query.sort]
        return f"select id from grants where {where} order by {order} limit %(size)s offset %(skipped)s"
    parts = [
        f"(select id, {at} as status, row_number() over (order by {order}) as place from grants"
        f" where {where} and {status} order by {order} limit %(size)s + %(skipped)s)"
        for at, (status, order) in enumerate(_status_groups(query))
    ]
    every = " union all ".join(parts)
    return f"select id from ({every}) as groups order by status, place limit %(size)s offset %(skipped)s"


def _status_groups(query: Query) -> tuple[tuple[str, str], ...]:
    """Return the condition and order of each deadline status that hits of a query without words may have."""
    if query.deadline_after or query.deadline_before:
        return (_OPEN,) if query.open_only else (_OPEN, _CLOSED)
    return (_OPEN, *_UNDATED) if query.open_only else (_OPEN, *_UNDATED, _CLOSED, _CLOSED_UNDATED)


def _counts(query: Query) -> str:
    return f"with {_COUNTED.format(hits=f'grants where {conditions(query)}')} select {_FACETS}"


class Search:
    """Answers searches. The counts of a search without words are cached for 30 seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counted: dict[Query, tuple[float, Row]] = {}
        self._counting: dict[Query, asyncio.Task[Row]] = {}

    async def find(self, query: Query) -> dict[str, Any]:
        """Return one page of the grants that match *query*, their number, and their counts by topic and region."""
        values = values_of(query)
        counted = None if query.words else await self._count(query)
        async with self._database.transaction() as execute:
            if counted is None:
                counts = (await execute(by_words(query), values))[0]
                ids = counts["ids"] or []
            else:
                counts = counted
                ids = [row["id"] for row in await execute(page_of(query), values)]
            grants = await _grants_of(execute, ids, query)
        return {
            "total": counts["total"],
            "page": query.page,
            "page_size": query.page_size,
            "grants": grants,
            "facets": {"topics": _sorted(counts["topics"]), "regions": _sorted(counts["regions"])},
        }

    async def _count(self, query: Query) -> Row:
        """Return the counts of a query without words: 30 s old at most, or older ones while a recount runs."""
        key = Query(
            topics=query.topics, funder=query.funder, region=query.region, currency=query.currency,
            min_amount=query.min_amount, max_amount=query.max_amount, deadline_after=query.deadline_after,
            deadline_before=query.deadline_before, open_only=query.open_only,
        )  # fmt: skip
        at, known = self._counted.get(key, (0.0, None))
        if known is not None and time.monotonic() - at < CACHE_SECONDS:
            return known
        task = self._counting.get(key)
        if task is None:
            task = self._counting[key] = asyncio.create_task(self._recount(key))
            task.add_done_callback(lambda done: self._discard(key, done))
        return known if known is not None else await asyncio.shield(task)

    async def _recount(self, query: Query) -> Row:
        counts = (await self._database.rows(_counts(query), values_of(query)))[0]
        while len(self._counted) >= MAX_CACHED:
            self._counted.pop(next(iter(self._counted)))
        self._counted.pop(query, None)
        self._counted[query] = time.monotonic(), counts
        return counts

    def _discard(self, query: Query, done: asyncio.Task[Row]) -> None:
        self._counting.pop(query, None)
        if not done.cancelled():
            done.exception()  # marks it as retrieved: any waiters receive it themselves

    def changed(self) -> None:
        """Discard the cached counts, because the grants have changed."""
        self._counted.clear()


async def _grants_of(execute: Execute, ids: list[int], query: Query) -> list[dict[str, Any]]:
    if not ids:
        return []
    snippet = _HEADLINE if query.words else "''"
    rows = await execute(
        f"select {COLUMNS}, {snippet} as snippet from grants where id = any(%(ids)s)",
        {"ids": ids, "words": query.words, "plain": plain(query.words)},
    )
    found = {row["id"]: row for row in rows}
    return [grant_json(found[number]) for number in ids if number in found]


def _sorted(counts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))
