"""Paths: what a request asks for, read as routers read it: no other spelling leads past a part that guards it."""

import re
from collections.abc import Iterable

from .asgi import Scope

SLASHES = re.compile("/{2,}")


def asked_path(scope: Scope) -> str:
    """The path within the application: without the root path that it is mounted under, and with single slashes.

    Servers and mounts put the root path before it; Litestar finds `/internal` for `//internal` too.
    """
    path: str = scope["path"]
    root: str = scope.get("root_path", "").rstrip("/")
    if root and (path + "/").startswith(root + "/"):
        path = path[len(root) :]
    return SLASHES.sub("/", path) or "/"


class Under:
    """Some paths, and all that is under them. `Under("/")` is everything."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._prefixes = tuple(path.rstrip("/") + "/" for path in paths)

    def covers(self, path: str) -> bool:
        return (path + "/").startswith(self._prefixes)
