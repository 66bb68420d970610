"""The current refresh token of each login."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Login:
    """A login: the *family* in all its tokens, its subject, its first refresh token's id. Times are Unix time."""

    family: str
    subject: str
    token: str
    at: float
    until: float


@dataclass(frozen=True, slots=True)
class Turn:
    """One refresh: *new* replaces *spent*. A token replaced less than *grace* seconds ago is still accepted."""

    family: str
    spent: str
    new: str
    at: float
    until: float
    grace: float


class RefreshStore(Protocol):
    """Keeps the current refresh token of every login, and the one that it replaced."""

    async def begin(self, login: Login) -> None: ...

    async def turn(self, turn: Turn) -> str | None:
        """Return the token that is current from now on, read and written in one atomic step.

        If `turn.spent` was current, that is `turn.new`. If `turn.spent` was replaced by the current token within the
        grace period, nothing is written and the current token is returned. Otherwise end the login and return None.
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
    """A store for one process and for tests: after a restart all users must log in again."""

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
