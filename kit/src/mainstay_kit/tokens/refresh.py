"""Stores of the current refresh token of each login: their interface, and a store in memory."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Login:
    """A login: the *family*, an id that all its tokens have; its *subject*; and *token*, its first refresh token's id.

    Times are Unix time.
    """

    family: str
    subject: str
    token: str
    now: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class Rotation:
    """One refresh of a login: the token id *new* replaces *spent*.

    A token that was replaced less than *grace* seconds ago is still accepted. Times are Unix time.
    """

    family: str
    spent: str
    new: str
    now: float
    expires_at: float
    grace: float


class RefreshStore(Protocol):
    """Keeps the current refresh token of every login, and the one that it replaced."""

    async def begin(self, login: Login) -> None: ...

    async def rotate(self, rotation: Rotation) -> str | None:
        """Return the token that is current from now on, read and written in one atomic step.

        If `rotation.spent` was current, that is `rotation.new`. If the current token replaced it within the grace
        period, nothing is written and the current token is returned. Otherwise end the login and return None.
        """
        ...

    async def end(self, family: str) -> None: ...

    async def end_all(self, subject: str) -> None:
        """End every login of one subject."""
        ...


@dataclass(frozen=True, slots=True)
class _State:
    subject: str
    current: str
    previous: str
    rotated: float
    expires_at: float


class MemoryRefreshStore:
    """A store for one process and for tests: after a restart all users must log in again."""

    def __init__(self) -> None:
        self._states: dict[str, _State] = {}

    async def begin(self, login: Login) -> None:
        self._states = {family: kept for family, kept in self._states.items() if kept.expires_at > login.now}
        self._states[login.family] = _State(login.subject, login.token, "", 0.0, login.expires_at)

    async def rotate(self, rotation: Rotation) -> str | None:
        known = self._states.pop(rotation.family, None)
        if known is None or known.expires_at <= rotation.now:
            return None
        if known.current == rotation.spent:
            known = _State(known.subject, rotation.new, rotation.spent, rotation.now, rotation.expires_at)
        elif known.previous != rotation.spent or rotation.now - known.rotated >= rotation.grace:
            return None
        self._states[rotation.family] = known
        return known.current

    async def end(self, family: str) -> None:
        self._states.pop(family, None)

    async def end_all(self, subject: str) -> None:
        self._states = {family: kept for family, kept in self._states.items() if kept.subject != subject}
