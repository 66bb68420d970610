"""Answer: what a site says to one request, and whether the visitor has it already."""

from dataclasses import dataclass
from datetime import datetime
from email.utils import formatdate, parsedate_to_datetime
from hashlib import sha256

HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content_type: str
    body: str
    location: str | None = None
    changed: float | None = None
    """When the page was changed last; None where nobody may keep it."""

    def etag(self) -> str:
        return f'"{sha256(self.body.encode()).hexdigest()[:20]}"'

    def last_modified(self) -> str:
        return formatdate(self.changed or 0, usegmt=True)

    def known_to(self, none_match: str, modified_since: str) -> bool:
        """Whether the visitor has the page already, by its ETag or else by its age."""
        if self.changed is None:
            return False
        if none_match:
            return self.etag() in {tag.strip().removeprefix("W/") for tag in none_match.split(",")}
        try:
            return bool(modified_since) and _moment(modified_since).timestamp() >= int(self.changed)
        except (TypeError, ValueError):
            return False


def _moment(text: str) -> datetime:
    return parsedate_to_datetime(text)


def gone(what: str = "This page does not exist, or no longer.") -> Answer:
    return Answer(404, HTML, f"<!doctype html><title>Not found</title><p>{what}</p>\n")
