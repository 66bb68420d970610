"""Grant: one complete grant, with its source text and the reader of each field."""

from typing import Any

from granter_data.database import Database
from granter_data.responses import grant_json
from granter_data.search import COLUMNS


async def grant(database: Database, number: int) -> dict[str, Any] | None:
    """Return the grant *number*, or None when there is none. `withdrawn_at` is set if its source withdrew it."""
    rows = await database.rows(
        f"select {COLUMNS}, source_url, site, body, last_seen, withdrawn, provenance from grants where id = %(number)s",
        {"number": number},
    )
    if not rows:
        return None
    row = rows[0]
    source = {
        "url": row["source_url"],
        "site": row["site"],
        "fetched_at": row["last_seen"].isoformat(),
        "text": row["body"],
    }
    withdrawn_at = row["withdrawn"].isoformat() if row["withdrawn"] else None
    return grant_json(row) | {"withdrawn_at": withdrawn_at, "source": source, "provenance": row["provenance"]}
