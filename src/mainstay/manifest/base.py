"""The base class of the sections of a manifest, which are immutable and refuse unknown keys, and helpers for them."""

from collections.abc import Callable
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

Fill = Callable[[str], str]
"""A function that returns a string with its placeholders replaced."""


class Section(BaseModel):
    """A part of a manifest. The docstrings of class and fields become the reference page and the JSON Schema."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)

    later: ClassVar[dict[str, str]] = {}
    """Keys that do not work yet, each with the remedy that the error names. A manifest with such a key is refused."""

    in_local: ClassVar[dict[str, object]] = {}
    """Defaults that apply only in the environment `local`, as they would be written in a manifest."""

    noted: ClassVar[tuple[str, ...]] = ()
    """Keys that do not work yet and are ignored with a warning, because ignoring them does no harm."""

    def __deepcopy__(self, memo: dict[int, object] | None = None) -> Self:
        """Return the section itself, because it is immutable. Pydantic copies defaults with this method."""
        return self


def text_is(key: str) -> Any:
    """Return a validator that lets a section be written as a string, which becomes the value of *key*."""

    def expanded(value: Any) -> Any:
        return {key: value} if isinstance(value, str) else value

    return model_validator(mode="before")(expanded)


def rule_error(code: str, what: str, remedy: str) -> PydanticCustomError:
    """Return the error for a validator to raise: a stable *code*, *what* is wrong, and the *remedy*."""
    return PydanticCustomError(code, "{what}", {"what": what, "remedy": remedy})
