"""Error pages of a system, for responses that the edge itself makes."""

import msgspec

STATUSES = (400, 403, 404, 408, 413, 429, 500, 502, 503, 504)
"""The statuses of responses that the edge itself makes."""


class ErrorPage(msgspec.Struct, frozen=True):
    """The HTML `text` that the edge sends with its own responses of `status`."""

    status: int
    text: str
