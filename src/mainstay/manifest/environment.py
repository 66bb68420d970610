"""Environments: the places where a system runs, each with its target and its overrides."""

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from mainstay.manifest.base import Section
from mainstay.manifest.scalars import Version


class TargetSection(Section):
    """Where services run. A text is its kind."""

    later: ClassVar[dict[str, str]] = {"context": "leave it out", "namespace": "leave it out"}

    kind: Literal["process", "docker", "kubernetes"] = "process"
    """process: plain processes on this machine."""

    @model_validator(mode="before")
    @classmethod
    def _a_text_is_a_kind(cls, value: Any) -> Any:
        return {"kind": value} if isinstance(value, str) else value


class EnvironmentSection(Section):
    """One place. Every key but `target` overrides the manifest: mappings merge, lists and scalars replace, null
    removes."""

    later: ClassVar[dict[str, str]] = {
        "window": "leave it out",
        "freezes": "leave it out",
        "smoke": "leave it out",
        "schedule": "leave it out",
    }

    target: TargetSection = TargetSection()
    """Where services run."""

    version: Version | None = None
    """Another version."""

    services: dict[str, object] = Field(default={})
    """Overrides of services."""

    datastores: dict[str, object] = Field(default={})
    """Overrides of datastores."""

    variables: dict[str, object] = Field(default={})
    """Overrides of variables."""

    edge: dict[str, object] = Field(default={})
    """Overrides of the edge."""

    objectives: object = None
    """Other objectives."""

    watch: object = None
    """Another schedule of checks."""

    notify: object = None
    """Other places where alerts are sent."""

    contacts: object = None
    """Other people to call."""

    @model_validator(mode="before")
    @classmethod
    def _nothing_said_is_nothing_different(cls, value: Any) -> Any:
        return {} if value is None else value
