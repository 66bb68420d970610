"""Links: where a listing page leads."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Links:
    """Absolute addresses, each once, in the order of the page. A notice's may end in the anchor of its section."""

    notices: tuple[str, ...]
    listings: tuple[str, ...]
