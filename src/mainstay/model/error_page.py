"""An error page of the system's own."""

import msgspec


class ErrorPage(msgspec.Struct, frozen=True):
    """The HTML that the edge sends with its own responses of `status`."""

    status: int
    text: str
