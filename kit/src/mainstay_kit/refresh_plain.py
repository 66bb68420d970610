"""A store of refresh tokens in the plain form: it is told no subject, and forgives nothing."""

from typing import Protocol

from .errors import Misconfigured
from .refresh import Login, Turn


class PlainRefreshStore(Protocol):
    async def begin(self, family: str, token: str, until: float) -> None: ...

    async def turn(self, family: str, spent: str, new: str, until: float) -> bool: ...

    async def end(self, family: str) -> None: ...


class Untold:
    """A plain store as a whole one, which cannot end all logins of a subject."""

    def __init__(self, store: PlainRefreshStore) -> None:
        self._store = store

    async def begin(self, login: Login) -> None:
        await self._store.begin(login.family, login.token, login.until)

    async def turn(self, turn: Turn) -> str | None:
        return turn.new if await self._store.turn(turn.family, turn.spent, turn.new, turn.until) else None

    async def end(self, family: str) -> None:
        await self._store.end(family)

    async def end_all(self, subject: str) -> None:
        raise Misconfigured("this store does not know whose a login is", remedy="give it the form of RefreshStore")
