"""The comparison of requests with the hosts and paths of routes and redirects."""

from collections.abc import Iterable
from typing import Protocol, TypeVar


class HostAndPath(Protocol):
    """A host and a path: `host` is empty for every host; in `*.shop.example`, `*` is any one label."""

    @property
    def host(self) -> str: ...

    @property
    def path(self) -> str: ...


_HostAndPath = TypeVar("_HostAndPath", bound=HostAndPath)


def in_order(places: Iterable[_HostAndPath]) -> list[_HostAndPath]:
    """Return *places* in the order of their comparison: exact hosts, wildcards, every host; then the longest path."""
    return sorted(places, key=lambda place: (_rank(place.host), -len(place.path), place.path))


def matches(place: HostAndPath, host: str, path: str) -> bool:
    """Return whether *place* matches *host* and the decoded *path*."""
    return matches_host(place.host, host) and f"{path}/".startswith(prefix(place) + "/")


def matches_host(pattern: str, host: str) -> bool:
    """Return whether *host* matches *pattern*, the host of a route or redirect."""
    if pattern.startswith("*."):
        label, _, rest = host.partition(".")
        return bool(label) and rest == pattern[2:]
    return pattern in ("", host)


def prefix(place: HostAndPath) -> str:
    """Return the path of *place* without a slash at its end; empty for the root."""
    return place.path.rstrip("/")


def _rank(host: str) -> int:
    return 2 if not host else 1 if host.startswith("*.") else 0
