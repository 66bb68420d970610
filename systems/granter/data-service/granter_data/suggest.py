"""Suggestions: titles and funders in which every typed word is the beginning of a word."""

import re

from granter_data.database import Database

MAX_SUGGESTIONS = 8
MAX_LENGTH = 60
MAX_WORDS = 6
MAX_CANDIDATES = 400

_FIND = f"""
    with near as (
        select title, funder, names @@ to_tsquery('simple', %(titles)s) as titled,
            names @@ to_tsquery('simple', %(funders)s) as given
        from grants where names @@ to_tsquery('simple', %(any)s) and withdrawn is null and copy_of is null
        limit {MAX_CANDIDATES}
    )
    select name from (
        select title as name from near where titled union select funder from near where given
    ) as names
    order by starts_with(lower(name), %(typed)s) desc, length(name), name
    limit {MAX_SUGGESTIONS}"""


def prefixes_of(typed: str, weight: str = "") -> str:
    """Return the typed words as a query of the name index, safe for any input; empty when there is no word.

    *weight* restricts the query to titles (A) or to funders (B).
    """
    words = re.findall(r"\w+", typed[:MAX_LENGTH].casefold())[:MAX_WORDS]
    return " & ".join(f"'{word}':*{weight}" for word in words)


async def suggest(database: Database, typed: str) -> list[str]:
    prefixes = prefixes_of(typed)
    if not prefixes:
        return []
    values = {"any": prefixes, "titles": prefixes_of(typed, "A"), "funders": prefixes_of(typed, "B")}
    rows = await database.rows(_FIND, values | {"typed": typed.strip().casefold()})
    return [row["name"] for row in rows]
