"""Responses: grants as JSON."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from granter_data.database import Row

HIT, END = "\x02", "\x03"
SUMMARY_LENGTH = 220


def grant_json(row: Row) -> dict[str, Any]:
    """Return *row*, of the table `grants`, as JSON for a list of results."""
    return {
        "id": row["id"],
        "title": row["title"],
        "funder": row["funder"],
        "deadline": row["deadline"].isoformat() if row["deadline"] else None,
        "rolling": row["deadline_kind"] == "rolling",
        "closed": row["deadline_kind"] == "closed",
        "amount": amount(row["amount_min"], row["amount_max"], row["currency"]),
        "topics": row["topics"],
        "region": row["region"],
        "language": row["language"],
        "snippet": fragments(_snippet(row)),
        "closes_in_days": days_left(row["deadline"]),
    }


def amount(minimum: Decimal | None, maximum: Decimal | None, currency: str | None) -> dict[str, Any] | None:
    return {"min": number(minimum), "max": number(maximum), "currency": currency} if currency else None


def days_left(deadline: date | None) -> int | None:
    """Return the days until *deadline*, 0 on the day itself; None when there is none, or it has passed."""
    if deadline is None:
        return None
    left = (deadline - datetime.now(UTC).date()).days
    return left if left >= 0 else None


def number(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == int(value) else float(value)


def fragments(marked: str) -> list[dict[str, Any]]:
    """Return the text *marked* as pieces that are hits or not, so that each client can mark hits in its own way."""
    cut = re.split(f"{HIT}(.*?){END}", " ".join(marked.split()))
    return [{"text": text, "mark": at % 2 == 1} for at, text in enumerate(cut) if text]


def _snippet(row: Row) -> str:
    snippet: str = row.get("snippet") or ""
    return _opened(snippet, row["summary"]) if HIT in snippet else _shortened(row["summary"])


def _opened(snippet: str, summary: str) -> str:
    """Return the snippet, with an ellipsis where it begins or ends within the summary."""
    text = snippet.replace(HIT, "").replace(END, "")
    before = "" if text[:20] == summary[:20] else "… "
    return before + snippet + ("" if summary.rstrip(".!?")[-15:] == text.rstrip(".!?")[-15:] else " …")


def _shortened(text: str) -> str:
    if len(text) <= SUMMARY_LENGTH:
        return text
    return text[: SUMMARY_LENGTH + 1].rsplit(maxsplit=1)[0] + " …"
