"""The base of every part of a manifest: frozen, strict, without unknown keys."""

from collections.abc import Callable
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

Fill = Callable[[str], str]
"""Replaces the placeholders in a text."""


class Section(BaseModel):
    """A part of a manifest. Its docstring and those below its fields are the reference page and the JSON Schema."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)

    later: ClassVar[dict[str, str]] = {}
    """Keys that do not work yet, each with what to write until it does. They are refused, never ignored."""

    in_local: ClassVar[dict[str, object]] = {}
    """Defaults, as a manifest contains them, that differ in the environment `local`."""

    noted: ClassVar[tuple[str, ...]] = ()
    """Keys that are accepted although they do not work yet, because ignoring them does no harm; `validate` warns."""

    def __deepcopy__(self, memo: dict[int, object] | None = None) -> Self:
        """Return the section itself, because it is immutable. Pydantic copies defaults."""
        return self


def text_is(key: str) -> Any:
    """Return the validator of a section that may be written as a text, which is then the value of *key*."""

    def expanded(value: Any) -> Any:
        return {key: value} if isinstance(value, str) else value

    return model_validator(mode="before")(expanded)


def rule_error(code: str, what: str, remedy: str) -> PydanticCustomError:
    """Return the error that a rule raises, from its stable code, what was found and what to write instead."""
    return PydanticCustomError(code, "{what}", {"what": what, "remedy": remedy})
