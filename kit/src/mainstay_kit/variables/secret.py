"""A secret: a value that is shown as dots and cannot be pickled."""

from typing import NoReturn


class Secret:
    """A value shown as dots wherever it might leak: logs, errors, tracebacks. Call `reveal()` only when using it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "••••"

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled")


def revealed(value: "Secret | str") -> str:
    return value.reveal() if isinstance(value, Secret) else value
