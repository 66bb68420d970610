"""The manifest as a JSON Schema: what editors complete and explain."""

from typing import Any

from mainstay.manifest.quantities import DURATIONS
from mainstay.manifest.system import System

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The schema of `mainstay.yaml`, each key with its meaning and its default as one would write it."""
    schema = System.model_json_schema(mode="validation")
    for part in (schema, *schema["$defs"].values()):
        part["properties"] = {key: _as_written(told) for key, told in part["properties"].items()}
    return {"$schema": DRAFT, **schema, "title": "mainstay.yaml"}


def _as_written(told: dict[str, Any]) -> dict[str, Any]:
    """A key's schema without what only programs need."""
    told = {name: value for name, value in told.items() if name != "title"}
    default = told.get("default")
    if default is None or isinstance(default, dict):
        return {name: value for name, value in told.items() if name != "default"}
    if told.get("examples") == DURATIONS:
        return told | {"default": f"{default:g}s"}
    return told
