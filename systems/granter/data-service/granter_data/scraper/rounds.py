"""Round: one walk over all listing pages, recorded after each page, so that the next process continues it."""

from dataclasses import dataclass, replace

import psycopg

from granter_data.database import Connection
from granter_data.rules import RULES


@dataclass(frozen=True, slots=True)
class Round:
    number: int
    pending: tuple[str, ...]
    visited: tuple[str, ...] = ()
    seen: int = 0
    changed: int = 0
    failed: int = 0

    def found(self, pages: tuple[str, ...]) -> "Round":
        """The round once it knows of listing *pages*."""
        new = tuple(page for page in dict.fromkeys(pages) if page not in self.pending + self.visited)
        return replace(self, pending=self.pending + new)

    def over(self, page: str, *, seen: int, changed: int, failed: int) -> "Round":
        """The round once listing *page* and its notices have been dealt with."""
        return replace(
            self,
            pending=tuple(other for other in self.pending if other != page),
            visited=(*self.visited, page),
            seen=self.seen + seen,
            changed=self.changed + changed,
            failed=self.failed + failed,
        )


async def due_in(connection: Connection, every: float) -> float:
    """Seconds until a round is due; 0 when these rules have read nothing yet or a round was cut off."""
    cursor = await connection.execute(
        """select extract(epoch from now() - ended)::float8 as ago from scrape_rounds
           where rules = %s and (ended is null or seen > 0) order by id desc limit 1""",
        [RULES],
    )
    row = await cursor.fetchone()
    return 0.0 if row is None or row["ago"] is None else max(0.0, every - row["ago"])


async def begin_or_continue(connection: Connection, start: str) -> Round:
    """The round that was cut off on this site within the last hour, or a new one."""
    cursor = await connection.execute(
        """select id, pending, visited, seen, changed, failed from scrape_rounds
           where id = (select max(id) from scrape_rounds where rules = %s) and ended is null
             and began > now() - interval '1 hour' and %s = any(pending || visited)""",
        [RULES, start],
    )
    row = await cursor.fetchone()
    if row is not None:
        return Round(
            row["id"], tuple(row["pending"]), tuple(row["visited"]), row["seen"], row["changed"], row["failed"]
        )
    cursor = await connection.execute(
        "insert into scrape_rounds (rules, pending) values (%s, %s) returning id", [RULES, [start]]
    )
    row = await cursor.fetchone()
    if row is None:
        raise psycopg.DataError("insert returned no row")
    return Round(row["id"], (start,))


async def keep(connection: Connection, round: Round) -> None:
    """Record how far *round* has come; it has ended when no page is pending."""
    await connection.execute(
        """update scrape_rounds set pending = %s, visited = %s, seen = %s, changed = %s, failed = %s,
               ended = case when %s then now() end
           where id = %s""",
        [
            list(round.pending),
            list(round.visited),
            round.seen,
            round.changed,
            round.failed,
            not round.pending,
            round.number,
        ],
    )
