"""Environments: the places where a system runs, each with its target and its overrides."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from mainstay.manifest.base import Section, text_is
from mainstay.manifest.scalars import Kind, Version
from mainstay.model.kinds import TARGETS, TARGETS_NOT_YET


class TargetSection(Section):
    """Where services run. A string in place of the mapping sets `kind`."""

    later: ClassVar[dict[str, str]] = {"context": "leave it out", "namespace": "leave it out"}

    kind: Annotated[str, Kind("target", TARGETS, TARGETS_NOT_YET)] = Field(default="process", examples=["process"])
    """The kind of target. Only process works so far: services run as plain processes on this machine."""

    _a_text_is_a_kind = text_is("kind")


class EnvironmentSection(Section):
    """One place where the system runs. Every key except `target` overrides the same key at the top of the manifest:
    mappings are merged, lists and single values replace those of the manifest, and null removes a key."""

    later: ClassVar[dict[str, str]] = dict.fromkeys(("window", "freezes", "schedule"), "leave it out")

    target: TargetSection = Field(default=TargetSection(), examples=[{"kind": "process"}])
    """Where services run."""

    version: Version | None = Field(default=None, examples=["1.3.0"])
    """The version that is deployed to this environment, instead of the manifest's."""

    services: dict[str, object] = Field(default={}, examples=[{"web": {"replicas": 5}}])
    """Overrides of `services`, by name."""

    datastores: dict[str, object] = Field(default={}, examples=[{"db": {"version": "18"}}])
    """Overrides of `datastores`, by name."""

    variables: dict[str, object] = Field(default={}, examples=[{"LOG_LEVEL": {"default": "warning"}}])
    """Overrides of `variables`, by name."""

    edge: dict[str, object] = Field(default={}, examples=[{"http": 80}])
    """Overrides of `edge`."""

    smoke: object = Field(default=None, examples=[{"writes": "preview"}])
    """Overrides of `smoke`."""

    objectives: object = Field(default=None, examples=[{"error_rate": {"critical": "2%"}}])
    """Overrides of `objectives`, which is accepted and ignored so far."""

    watch: object = Field(default=None, examples=[{"for": "1h"}])
    """Overrides of `watch`, which is accepted and ignored so far."""

    notify: object = Field(default=None, examples=[[{"kind": "webhook", "url": {"variable": "OPS_WEBHOOK"}}]])
    """Replaces `notify` of the manifest, which is accepted and ignored so far."""

    contacts: object = Field(default=None, examples=[[{"role": "on-call", "name": "Ada"}]])
    """Replaces `contacts` of the manifest, which is accepted and ignored so far."""

    @model_validator(mode="before")
    @classmethod
    def _null_changes_nothing(cls, value: Any) -> Any:
        return {} if value is None else value
