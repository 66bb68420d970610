"""Environments: the places where a system runs, each with its target and what differs there."""

from typing import Any, ClassVar, Literal

from pydantic import Field, JsonValue, model_validator

from mainstay.manifest.model import Model
from mainstay.manifest.quantities import Version


class Target(Model):
    """Where services run and are served. A text is its kind."""

    kind: Literal["process", "docker", "kubernetes"] = "process"
    """process: plain processes of this machine."""

    context: str | None = None
    """kubernetes: which cluster."""

    namespace: str | None = None
    """kubernetes: where in it."""

    @model_validator(mode="before")
    @classmethod
    def _a_text_is_a_kind(cls, value: Any) -> Any:
        return {"kind": value} if isinstance(value, str) else value


class Environment(Model):
    """One place. All but `target` overrides the manifest: mappings merge, lists and scalars replace, null removes."""

    later: ClassVar[dict[str, str]] = {
        "window": "leave it out",
        "freezes": "leave it out",
        "smoke": "leave it out",
        "schedule": "leave it out",
    }

    target: Target = Target()
    """Where services run and are served."""

    version: Version | None = None
    services: dict[str, JsonValue] = Field(default={})
    datastores: dict[str, JsonValue] = Field(default={})
    variables: dict[str, JsonValue] = Field(default={})
    edge: dict[str, JsonValue] = Field(default={})
    objectives: JsonValue = None
    watch: JsonValue = None
    notify: JsonValue = None
    contacts: JsonValue = None
