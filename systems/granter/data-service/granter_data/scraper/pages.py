"""Pages: the stored state of each fetched page, so that an unchanged one is not fetched and read again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from psycopg.types.json import Jsonb

from granter_data.database import Connection
from granter_data.rules import RULES
from granter_data.rules.links import Links
from granter_data.scraper.site import Fetched, Validators


@dataclass(frozen=True, slots=True)
class Known:
    validators: Validators = field(default_factory=Validators)
    content_hash: str | None = None
    links: Links | None = None
    readers: tuple[str, ...] = ()
    """The models with a final outcome on the page; the last one is the reader of the stored grant."""


def hash_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


async def known(connection: Connection, url: str) -> Known:
    """Return what is stored about the page at *url*; an empty `Known` if other rules read it: it is read again then."""
    cursor = await connection.execute(
        "select etag, last_modified, content_hash, links, readers from pages where url = %s and rules = %s",
        [url, RULES],
    )
    row = await cursor.fetchone()
    if row is None:
        return Known()
    links = Links(*(tuple(row["links"][kind]) for kind in ("notices", "listings"))) if row["links"] else None
    return Known(Validators(row["etag"], row["last_modified"]), row["content_hash"], links, tuple(row["readers"]))


async def remember(
    connection: Connection,
    url: str,
    source: str,
    round: int,
    fetched: Fetched,
    links: Links | None = None,
    readers: Sequence[str] = (),
) -> None:
    values: dict[str, Any] = {
        "url": url, "source": source, "round": round, "listing": links is not None, "rules": RULES,
        "etag": fetched.validators.etag, "last_modified": fetched.validators.last_modified,
        "hash": hash_of(fetched.text),
        "links": Jsonb({"notices": links.notices, "listings": links.listings}) if links else None,
        "readers": list(readers),
    }  # fmt: skip
    await connection.execute(
        """insert into pages (url, source, listing, rules, etag, last_modified, content_hash, links, round,
               readers)
           values (%(url)s, %(source)s, %(listing)s, %(rules)s, %(etag)s, %(last_modified)s, %(hash)s, %(links)s,
               %(round)s, %(readers)s)
           on conflict (url) do update set (source, listing, rules, etag, last_modified, content_hash, links, round,
               readers, fetched)
               = (excluded.source, excluded.listing, excluded.rules, excluded.etag, excluded.last_modified,
               excluded.content_hash, excluded.links, excluded.round, excluded.readers,
               now())""",
        values,
    )


async def mark_unchanged(connection: Connection, url: str, round: int) -> None:
    """Record that *url* was visited in *round* and is unchanged."""
    await connection.execute("update pages set round = %s, fetched = now() where url = %s", [round, url])


async def handled_in(connection: Connection, round: int, source: str) -> set[str]:
    """Return the URLs of the notices of *source* that *round* has already handled."""
    cursor = await connection.execute(
        "select url from pages where round = %s and source = %s and not listing", [round, source]
    )
    return {row["url"] for row in await cursor.fetchall()}


async def withdraw_unlisted(connection: Connection, round: int, source: str, visited: list[str]) -> int:
    """Withdraw the grants of *source* that no listing page lists any more, and return their number.

    *visited*: the listing pages of *source* in *round*. If one of them could not be fetched, it may still list any of
    the grants, so none is withdrawn.
    """
    cursor = await connection.execute(
        """update grants set withdrawn = now()
           where site = %(source)s and withdrawn is null
               and %(visited)s::text[] <@ (
                   select coalesce(array_agg(url), '{}') from pages
                   where round = %(round)s and source = %(source)s and listing)
               and source_url not in (
                   select jsonb_array_elements_text(links -> 'notices') from pages
                   where listing and (round = %(round)s or source <> %(source)s and round = %(round)s - 1))""",
        {"round": round, "source": source, "visited": visited},
    )
    return cursor.rowcount
