"""A redirect: the response to requests for an address that has moved."""

from urllib.parse import urlsplit

import msgspec


class Redirect(msgspec.Struct, frozen=True):
    """Answers requests for `host` (empty: every host) whose path starts with `path` with the address `to`."""

    host: str
    path: str
    to: str
    """An address that starts with `http://`, `https://` or `/`."""
    code: int = 301
    keep_path: bool = True
    """Whether the rest of the path and the query are appended to `to`."""

    @property
    def target(self) -> tuple[str, str]:
        """Return the host (empty: the same host) and the path of `to`."""
        address = urlsplit(self.to)
        return address.hostname or "", address.path or "/"
