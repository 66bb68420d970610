"""Which refresh token of each login is the one that counts."""

import time
from collections.abc import Callable
from typing import Protocol


class RefreshStore(Protocol):
    """Knows, for every login (its family of tokens), the one refresh token that is not spent yet."""

    async def begin(self, family: str, token: str, until: float) -> None: ...

    async def turn(self, family: str, spent: str, new: str, until: float) -> bool:
        """Put *new* in the place of *spent*, in one step. If *spent* is not the current one, end the family: False."""
        ...

    async def end(self, family: str) -> None: ...


class MemoryRefreshStore:
    """For one process and for tests: after a restart everybody has to log in again."""

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._current: dict[str, tuple[str, float]] = {}

    async def begin(self, family: str, token: str, until: float) -> None:
        now = self._now()
        self._current = {name: kept for name, kept in self._current.items() if kept[1] > now}
        self._current[family] = (token, until)

    async def turn(self, family: str, spent: str, new: str, until: float) -> bool:
        current, _ = self._current.pop(family, ("", 0.0))
        if current != spent:
            return False
        self._current[family] = (new, until)
        return True

    async def end(self, family: str) -> None:
        self._current.pop(family, None)
