"""Response: status, body and caching headers."""

from dataclasses import dataclass
from datetime import datetime
from email.utils import formatdate, parsedate_to_datetime
from hashlib import sha256

HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    content_type: str
    body: str
    location: str | None = None
    changed: float | None = None
    """Unix time of the last change; None: the response gets no headers for caching."""

    def etag(self) -> str:
        return f'"{sha256(self.body.encode()).hexdigest()[:20]}"'

    def last_modified(self) -> str:
        return formatdate(self.changed or 0, usegmt=True)

    def is_not_modified(self, none_match: str, modified_since: str) -> bool:
        """Return whether the client's copy is current, by its ETag or else by its date."""
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


def not_found(message: str = "This page does not exist, or no longer.") -> Response:
    return Response(404, HTML, f"<!doctype html><title>Not found</title><p>{message}</p>\n")
