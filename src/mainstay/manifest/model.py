"""What every part of a manifest has in common: frozen, strict, and closed to unknown keys."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError


class Model(BaseModel):
    """A part of a manifest. Its docstring and those below its fields are the reference page and the JSON Schema."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)

    later: ClassVar[dict[str, str]] = {}
    """Keys that Mainstay knows but does not act on yet, and what to write meanwhile: refused, never ignored."""

    noted: ClassVar[tuple[str, ...]] = ()
    """Keys that are accepted although nothing acts on them yet, because that harms nobody; `validate` says so."""


def wrong(code: str, what: str, remedy: str) -> PydanticCustomError:
    """What a field's rule raises: the stable code, what was found, what to do."""
    return PydanticCustomError(code, "{what}", {"what": what, "remedy": remedy})
