"""A secret in memory, and the reference that plans, journals and documents contain in its place."""

from typing import NoReturn

import msgspec


class SecretRef(msgspec.Struct, frozen=True, tag="secret"):
    """A reference to a secret, without its value. `version` None: the newest version at the time it is read."""

    name: str
    version: int | None = None


class Secret:
    """A secret value. Its repr is dots, so that logs, errors and tracebacks do not leak it; it cannot be pickled."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value. Call this only where the value is used."""
        return self._value

    def __repr__(self) -> str:
        return "••••"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be serialised")
