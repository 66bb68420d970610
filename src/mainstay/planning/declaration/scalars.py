"""Format single values as a manifest writes them: sizes, rates, commands and lists."""

import shlex
from collections.abc import Sequence

from mainstay.manifest.scalars import duration
from mainstay.model.limits import Rate

_UNITS = {"Gi": 2**30, "Mi": 2**20, "Ki": 2**10, "GB": 10**9, "MB": 10**6, "kB": 10**3, "B": 1}


def size(count: int | None) -> str | None:
    """Return *count* bytes as a size: `512Mi`, `10MB`; None without a limit."""
    if count is None:
        return None
    unit = next(unit for unit, each in _UNITS.items() if count % each == 0)
    return f"{count // _UNITS[unit]}{unit}"


def rate(limit: Rate | None) -> str | None:
    """Return a rate as REQUESTS/TIME: `100/15m`; None without a limit."""
    return None if limit is None else f"{limit.requests}/{duration(limit.window_s)}"


def command(arguments: Sequence[str]) -> str | None:
    """Return a command as it is typed in a shell; None for an empty one."""
    return shlex.join(arguments) or None


def listed(texts: Sequence[str]) -> str | None:
    """Return a list as text: `a, b`; None for an empty one."""
    return ", ".join(texts) or None
