"""Tokens: what shows backend-core who asks, and their renewal behind the scenes."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

REMEMBERED_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Tokens:
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    seconds: int


class Renewals:
    """A refresh token is spent once, however many requests of one browser come with it at the same time.

    backend-core takes a second use for theft and ends the whole log-in; so whoever comes with a token that has just
    been spent gets what it was spent for.
    """

    def __init__(self, renew: Callable[[str], Awaitable[Tokens]]) -> None:
        self._renew = renew
        self._under_way: dict[str, asyncio.Task[Tokens]] = {}

    async def renewed(self, refresh: str) -> Tokens:
        task = self._under_way.get(refresh)
        if task is None:
            task = self._under_way[refresh] = asyncio.ensure_future(self._renew(refresh))
            task.add_done_callback(lambda done: self._remember(refresh, done))
        return await asyncio.shield(task)  # a visitor who leaves does not take the answer from the others

    def _remember(self, refresh: str, done: asyncio.Task[Tokens]) -> None:
        failed = done.cancelled() or done.exception() is not None
        asyncio.get_running_loop().call_later(0 if failed else REMEMBERED_SECONDS, self._under_way.pop, refresh, None)
