"""Suggest: titles and funders in which every word that was typed begins a word."""

import re

from granter_data.database import Database

MOST = 8
LONGEST = 60
MOST_WORDS = 6
CONSIDERED = 400

_FIND = f"""
    with near as (
        select title, funder from grants where names @@ to_tsquery('simple', %(prefixes)s) limit {CONSIDERED}
    )
    select name from (
        select title as name from near where to_tsvector('simple', title) @@ to_tsquery('simple', %(prefixes)s)
        union
        select funder from near where to_tsvector('simple', funder) @@ to_tsquery('simple', %(prefixes)s)
    ) as names
    order by starts_with(lower(name), %(typed)s) desc, length(name), name
    limit {MOST}"""


def prefixes_of(typed: str) -> str:
    """What was typed as a question for the index of names, safe whatever it is; empty when it holds no word."""
    words = re.findall(r"\w+", typed[:LONGEST].casefold())[:MOST_WORDS]
    return " & ".join(f"'{word}':*" for word in words)


async def suggest(database: Database, typed: str) -> list[str]:
    prefixes = prefixes_of(typed)
    if not prefixes:
        return []
    rows = await database.rows(_FIND, {"prefixes": prefixes, "typed": typed.strip().casefold()})
    return [row["name"] for row in rows]
