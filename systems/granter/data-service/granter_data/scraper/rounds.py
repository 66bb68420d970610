"""Rounds: visits of all sources, recorded as they proceed, so that the next process can resume an interrupted one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import psycopg

from granter_data.database import Connection, Database
from granter_data.rules import RULES

State = Literal["waiting", "walking", "done", "broken"]
KEPT_ROUNDS = 50
MIN_COMPARED_LENGTH = 80  # characters; shorter texts may be equal without being the same notice


@dataclass(slots=True)
class WalkProgress:
    """The progress of the walk over one source in one round."""

    number: int
    round: int
    source: str
    state: State = "waiting"
    pending: list[str] = field(default_factory=list)
    visited: list[str] = field(default_factory=list)
    pages: int = 0
    seen: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    failed: int = 0
    withdrawn: int = 0
    error: str | None = None

    def add_listings(self, pages: Iterable[str]) -> None:
        """Add those listing *pages* to the pending ones that are neither pending nor visited."""
        self.pending += [page for page in dict.fromkeys(pages) if page not in self.pending and page not in self.visited]

    def mark_visited(self, page: str) -> None:
        """Mark listing *page* and its notices as done."""
        self.pending.remove(page)
        self.visited.append(page)


async def due_in(connection: Connection, every: float) -> float:
    """Return the seconds until a round is due, *every* seconds after the end of the last one.

    0 if a round was interrupted or requested, or if these rules have never run. After a round that found no notice,
    the next one is due after 5 s at most.
    """
    cursor = await connection.execute(
        """select extract(epoch from now() - ended)::float8 as ago,
               (select coalesce(sum(seen), 0) from scrape_rounds where round = rounds.id) as seen
           from rounds where rules = %s order by id desc limit 1""",
        [RULES],
    )
    row = await cursor.fetchone()
    if row is None or row["ago"] is None:
        return 0.0
    ago = float(row["ago"])
    return max(0.0, (every if row["seen"] else min(every, 5.0)) - ago)


async def has_new_source(connection: Connection, sources: Mapping[str, str]) -> bool:
    """Return whether the latest round left out the address of one of *sources*; False before the first round."""
    cursor = await connection.execute(
        """select source, visited || pending as pages from scrape_rounds
           where round = (select max(id) from rounds where rules = %s)""",
        [RULES],
    )
    known = {row["source"]: row["pages"] for row in await cursor.fetchall()}
    return bool(known) and any(start not in known.get(name, ()) for name, start in sources.items())


async def hide_copies(connection: Connection) -> None:
    """Hide copies from searches: of grants with the same title and text, they find only the one that was seen first."""
    await connection.execute(
        """with alike as (
               select id, first_value(id) over (
                   partition by md5(title || chr(10) || body) order by first_seen, id) as first
               from grants where withdrawn is null and length(body) >= %s
           )
           update grants set copy_of = nullif(first, alike.id) from alike
           where grants.id = alike.id and copy_of is distinct from nullif(first, alike.id)""",
        [MIN_COMPARED_LENGTH],
    )


async def begin_or_continue(connection: Connection) -> int:
    """Return the number of the requested or interrupted round, else of a new one. The caller must hold the lock."""
    cursor = await connection.execute(
        "select id from rounds where rules = %s and ended is null order by id desc limit 1", [RULES]
    )
    row = await cursor.fetchone()
    if row is None:
        cursor = await connection.execute("insert into rounds (rules) values (%s) returning id", [RULES])
        row = await cursor.fetchone()
    if row is None:
        raise psycopg.DataError("insert returned no row")
    number = int(row["id"])
    await connection.execute("update rounds set ended = now() where ended is null and id < %s", [number])
    await connection.execute("delete from rounds where id < %s", [number - KEPT_ROUNDS])
    return number


async def progress_of(connection: Connection, round: int, source: str, start: str) -> WalkProgress:
    """Return the progress of *round* over *source*; a new walk from *start* if it has not been visited."""
    await connection.execute(
        """insert into scrape_rounds (rules, round, source, pending) values (%s, %s, %s, %s)
           on conflict (round, source) do nothing""",
        [RULES, round, source, [start]],
    )
    cursor = await connection.execute(
        """select id as number, round, source, state, pending, visited, pages, seen, added, changed, unchanged, failed,
               withdrawn, error from scrape_rounds where round = %s and source = %s""",
        [round, source],
    )
    row = await cursor.fetchone()
    if row is None:
        raise psycopg.DataError("insert kept no row")
    return WalkProgress(**row)


async def save_progress(connection: Connection, progress: WalkProgress) -> None:
    """Store *progress* in the database."""
    await connection.execute(
        """update scrape_rounds set state = %s, pending = %s, visited = %s, pages = %s, seen = %s, added = %s,
               changed = %s, unchanged = %s, failed = %s, withdrawn = %s, error = %s, at = now(),
               ended = case when %s then now() end where id = %s""",
        [
            *(progress.state, progress.pending, progress.visited, progress.pages, progress.seen, progress.added),
            *(progress.changed, progress.unchanged, progress.failed, progress.withdrawn, progress.error),
            *(progress.state in {"done", "broken"}, progress.number),
        ],
    )


async def finish_round(connection: Connection, round: int) -> None:
    await connection.execute("update rounds set ended = now() where id = %s", [round])


async def request_round(database: Database) -> int:
    """Return the number of the running round; if none runs, of one that the process with the lock will now start."""
    rows = await database.rows(
        """with running as (
               select id from rounds where ended is null and rules = %(rules)s order by id desc limit 1
           ), requested as (
               insert into rounds (rules) select %(rules)s where not exists (select from running) returning id
           )
           select id from running union all select id from requested""",
        {"rules": RULES},
    )
    return int(rows[0]["id"])


def summary_of(sources: Iterable[Mapping[str, Any]]) -> str:
    """Return the results of a round on one line."""
    names = ("new", "changed", "withdrawn", "unchanged", "failed")
    counts = {name: sum(source[name] for source in sources) for name in names}
    news, rest = (
        ", ".join(f"{counts[name]} {name}" for name in part if counts[name]) for part in (names[:3], names[3:])
    )
    return "; ".join(filter(None, (news or "nothing new", rest)))


async def report(database: Database) -> dict[str, Any]:
    """Return the state of the latest round, source by source."""
    rounds = await database.rows("select id, ended from rounds order by id desc limit 1")
    if not rounds:
        return {"round": None, "state": "idle", "sources": []}
    sources = await database.rows(
        """select source as name, state, pages, seen as notices, added as new, changed, unchanged, failed,
               withdrawn, error, at
           from scrape_rounds where round = %(round)s order by source""",
        {"round": rounds[0]["id"]},
    )
    return {
        "round": rounds[0]["id"],
        "state": "idle" if rounds[0]["ended"] else "running",
        "summary": summary_of(sources),
        "sources": [row | {"at": row["at"].isoformat()} for row in sources],
    }
