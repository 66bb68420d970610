"""Extracted: a notice, the reader of each of its fields, and the models that the chain called."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from granter_data.responses import amount
from granter_data.rules.notice import Notice

By = Literal["gemini", "openai", "rules"]
Outcome = Literal["ok", "no key", "429", "timeout", "nonsense", "refused", "cut", "error", "budget", "resting"]
FINAL = frozenset({"ok", "nonsense", "refused"})
"""Outcomes that repeating the same call would not improve."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of the chain to read a notice: its reader, the outcome, and the milliseconds that it took."""

    by: By
    outcome: Outcome
    took_ms: float = 0.0
    model: str = ""

    @property
    def reader(self) -> str:
        return f"{self.by} {self.model}".rstrip()

    def as_json(self) -> dict[str, Any]:
        return {"by": self.by, "outcome": self.outcome, "took_ms": round(self.took_ms, 1)}


@dataclass(frozen=True, slots=True)
class Extracted:
    notice: Notice
    by: Mapping[str, By]
    """The reader of each field that was found."""
    chain: tuple[Attempt, ...]

    def read_by(self) -> By:
        """Return the reader of the notice: the one that the chain called last."""
        return self.chain[-1].by

    def final_readers(self) -> list[str]:
        """Return the readers with a final outcome, the notice's reader last; none of them needs to be called again."""
        return [attempt.reader for attempt in self.chain if attempt.outcome in FINAL]

    def provenance(self) -> dict[str, dict[str, str]]:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        evidence = self.notice.evidence
        return {field: {"by": self.by[field], "at": at, "evidence": evidence[field]} for field in evidence}

    def fields(self) -> dict[str, Any]:
        notice = self.notice
        found = notice.amount
        return {
            "title": notice.title,
            "funder": notice.funder,
            "deadline": notice.deadline.day.isoformat() if notice.deadline.day else None,
            "rolling": notice.deadline.kind == "rolling",
            "closed": notice.deadline.kind == "closed",
            "amount": amount(found.least, found.most, found.currency) if found else None,
            "topics": list(notice.topics),
            "region": notice.region,
            "language": notice.language,
        }
