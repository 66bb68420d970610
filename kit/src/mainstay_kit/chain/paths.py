"""Request paths, normalized as routers do, so that a different spelling of a path bypasses no part that protects it."""

import re
from collections.abc import Iterable

from .asgi import Scope

REPEATED_SLASHES = re.compile("/{2,}")


def path_within_app(scope: Scope) -> str:
    """Return the path within the application: without the root path it is mounted under, and with single slashes.

    Servers and mounts prepend the root path; Litestar also routes `//internal` to `/internal`.
    """
    path: str = scope["path"]
    root: str = scope.get("root_path", "").rstrip("/")
    if root and (path + "/").startswith(root + "/"):
        path = path[len(root) :]
    return REPEATED_SLASHES.sub("/", path) or "/"


class PathPrefixes:
    """Some paths and all paths under them. `PathPrefixes(["/"])` covers every path."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._prefixes = tuple(path.rstrip("/") + "/" for path in paths)

    def covers(self, path: str) -> bool:
        return (path + "/").startswith(self._prefixes)
