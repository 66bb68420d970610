"""Which refresh token of each login is the one that counts."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Login:
    """A login: the *family* that all its tokens name, whose it is, its first refresh token. Moments are Unix time."""

    family: str
    subject: str
    token: str
    at: float
    until: float


@dataclass(frozen=True, slots=True)
class Turn:
    """One refresh: *spent* is to give way to *new*. A token that gave way less than *grace* seconds ago is forgiven."""

    family: str
    spent: str
    new: str
    at: float
    until: float
    grace: float


class RefreshStore(Protocol):
    """Knows, for every login, the one refresh token that is not spent yet, and the one that it took the place of."""

    async def begin(self, login: Login) -> None: ...

    async def turn(self, turn: Turn) -> str | None:
        """The token that counts from now on, found and written in one step.

        That is `turn.new` where `turn.spent` was the current one. Where `turn.spent` is the one just before it, within
        the grace, nothing is written and it is the current one. In any other case the login is over: None.
        """
        ...

    async def end(self, family: str) -> None: ...

    async def end_all(self, subject: str) -> None:
        """End every login of one subject."""
        ...


@dataclass(frozen=True, slots=True)
class _Standing:
    subject: str
    current: str
    before: str
    turned: float
    until: float


class MemoryRefreshStore:
    """For one process and for tests: after a restart everybody has to log in again."""

    def __init__(self) -> None:
        self._standing: dict[str, _Standing] = {}

    async def begin(self, login: Login) -> None:
        self._standing = {family: kept for family, kept in self._standing.items() if kept.until > login.at}
        self._standing[login.family] = _Standing(login.subject, login.token, "", 0.0, login.until)

    async def turn(self, turn: Turn) -> str | None:
        known = self._standing.pop(turn.family, None)
        if known is None or known.until <= turn.at:
            return None
        if known.current == turn.spent:
            known = _Standing(known.subject, turn.new, turn.spent, turn.at, turn.until)
        elif known.before != turn.spent or turn.at - known.turned >= turn.grace:
            return None
        self._standing[turn.family] = known
        return known.current

    async def end(self, family: str) -> None:
        self._standing.pop(family, None)

    async def end_all(self, subject: str) -> None:
        self._standing = {family: kept for family, kept in self._standing.items() if kept.subject != subject}
