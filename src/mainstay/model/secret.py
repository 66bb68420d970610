"""A secret in memory, and the reference that plans, journals and documents contain in its place."""

from typing import NoReturn

import msgspec


class SecretRef(msgspec.Struct, frozen=True, tag="secret"):
    """Names a secret without holding it. `version` None means whichever is present when it is read."""

    name: str
    version: int | None = None


class Secret:
    """Shown as dots wherever it might leak: logs, errors, journals, tracebacks. Refuses to travel."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the moment of use."""
        return self._value

    def __repr__(self) -> str:
        return "••••"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret does not travel")
