"""What must not be shown: a secret, the reference that travels in its place, and the sealed file that keeps it."""

from typing import NoReturn, Protocol

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


class Sealed(Protocol):
    """Where secrets rest. Every version that was ever written is kept until it is forgotten."""

    def read(self, ref: SecretRef) -> Secret:
        """The secret *ref* names. Raises BadInput when there is none."""
        ...

    def present(self, name: str) -> int | None:
        """The newest version of *name*, or None."""
        ...

    def keep(self, name: str, value: Secret) -> SecretRef:
        """Store *value* as the next version of *name* (or find it as the present one) and name it."""
        ...

    def generate(self, name: str, length: int) -> SecretRef:
        """The present version of *name*; where there is none, one is made. Two callers get the same one."""
        ...
