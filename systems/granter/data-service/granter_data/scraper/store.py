"""Store: write a grant when its notice is new, has changed, or is read by newer rules."""

from typing import Literal

from psycopg.types.json import Jsonb

from granter_data.database import Connection
from granter_data.extraction.extracted import Extracted
from granter_data.rules import RULES

Stored = Literal["added", "changed", "unchanged"]

_SEEN = """
update grants set last_seen = now(), withdrawn = null
where source_url = %(source_url)s and not %(again)s and content_hash = %(content_hash)s and rules >= %(rules)s"""

# Two releases run concurrently during a deployment: results of newer rules must not be overwritten.
_WRITE = """
insert into grants (source_url, content_hash, rules, language, title, funder, deadline, deadline_kind,
    deadline_text, amount_min, amount_max, currency, amount_text, body, summary, site, topics, region, provenance)
values (%(source_url)s, %(content_hash)s, %(rules)s, %(language)s, %(title)s, %(funder)s, %(deadline)s,
    %(deadline_kind)s, %(deadline_text)s, %(amount_min)s, %(amount_max)s, %(currency)s, %(amount_text)s,
    %(body)s, %(summary)s, %(site)s, %(topics)s, %(region)s, %(provenance)s)
on conflict (source_url) do update set
    (content_hash, rules, language, title, funder, deadline, deadline_kind, deadline_text,
        amount_min, amount_max, currency, amount_text, body, summary, site, topics, region, provenance,
        last_seen, changed, withdrawn)
    = (excluded.content_hash, excluded.rules, excluded.language, excluded.title, excluded.funder,
        excluded.deadline, excluded.deadline_kind, excluded.deadline_text, excluded.amount_min,
        excluded.amount_max, excluded.currency, excluded.amount_text, excluded.body,
        excluded.summary, excluded.site, excluded.topics, excluded.region, excluded.provenance, now(), now(), null)
where grants.rules <= excluded.rules
returning (xmax = 0) as added"""


async def seen_again(connection: Connection, url: str) -> None:
    """Record that the notice at *url* is unchanged, or is available again."""
    await connection.execute("update grants set last_seen = now(), withdrawn = null where source_url = %s", [url])


async def withdraw(connection: Connection, url: str) -> int:
    """Withdraw the grant of the notice at *url*: it is kept, but searches omit it. Return how many were withdrawn."""
    cursor = await connection.execute(
        "update grants set withdrawn = now() where source_url = %s and withdrawn is null", [url]
    )
    return cursor.rowcount


async def store(
    connection: Connection, url: str, site: str, content_hash: str, extracted: Extracted, *, again: bool = False
) -> Stored:
    """Store what was *extracted* at *url*, and return what that did to the grant.

    *again*: store it even if the same rules have read the same text before. Results of newer rules are not overwritten.
    """
    notice = extracted.notice
    values = {
        "source_url": url,
        "site": site,
        "content_hash": content_hash,
        "rules": RULES,
        "language": notice.language,
        "title": notice.title,
        "funder": notice.funder,
        "deadline": notice.deadline.day,
        "deadline_kind": notice.deadline.kind,
        "deadline_text": notice.deadline.text,
        "amount_min": notice.amount.least if notice.amount else None,
        "amount_max": notice.amount.most if notice.amount else None,
        "currency": notice.amount.currency if notice.amount else None,
        "amount_text": notice.amount.text if notice.amount else None,
        "body": notice.body,
        "summary": notice.summary,
        "topics": list(notice.topics),
        "region": notice.region,
        "provenance": Jsonb(extracted.provenance()),
        "again": again,
    }
    if (await connection.execute(_SEEN, values)).rowcount:
        return "unchanged"
    cursor = await connection.execute(_WRITE, values)
    row = await cursor.fetchone()
    if row is None:
        return "unchanged"
    return "added" if row["added"] else "changed"
