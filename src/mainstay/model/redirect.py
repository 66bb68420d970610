"""A redirect: the response to requests for an address that has moved."""

from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

import msgspec

from mainstay.model.matching import in_order, matches, matches_host, prefix


class Redirect(msgspec.Struct, frozen=True):
    """A rule of the edge: requests for `host` (empty: every host) below the path `path` are redirected to `to`."""

    host: str
    path: str
    to: str
    """An address that starts with `http://`, `https://` or `/`."""
    code: int = 301
    keep_path: bool = True
    """Whether the edge appends the rest of the request's path, after `path`, and the query to `to`."""

    def leads_to(self, host: str, path: str) -> tuple[str, str]:
        """Return the host and the path to which a request for *host* and *path* is redirected."""
        address = urlsplit(self.to)
        rest = path[len(prefix(self)) :] if self.keep_path else ""
        return address.hostname or host, (address.path.rstrip("/") + rest if rest else address.path) or "/"


def loop(start: Redirect, redirects: Sequence[Redirect], hosts: Collection[str]) -> list[str]:
    """Return up to four addresses of the endless chain of *redirects* that begins with *start*; empty if it ends.

    *hosts* are the names that lead to this edge. A redirect to any other host ends the chain.
    """
    for host in hosts:
        at, seen = (host, start.path), list[tuple[str, str]]()
        while matches_host(start.host, host) and at[0] in hosts and len(seen) <= len(redirects):
            found = next((each for each in in_order(redirects) if matches(each, *at)), None)
            if found is None:
                break
            seen.append(at)
            at = found.leads_to(*at)
        if len(seen) > len(redirects):
            once = list(dict.fromkeys(seen))
            return [f"{host}{path}" for host, path in [*once, at][:4]]
    return []
