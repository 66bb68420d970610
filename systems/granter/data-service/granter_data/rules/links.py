"""Links: the targets of a listing page."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Links:
    """Absolute addresses without duplicates, in page order. A notice's address may end in the anchor of its section."""

    notices: tuple[str, ...]
    listings: tuple[str, ...]
