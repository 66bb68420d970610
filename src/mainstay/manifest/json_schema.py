"""The manifest as a JSON Schema, which editors use to complete and explain keys."""

import ast
import inspect
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from mainstay.manifest.base import Section
from mainstay.manifest.scalars import DURATIONS
from mainstay.manifest.system import SystemSection

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Return the schema of `mainstay.yaml`, each key with its meaning and its default as people write it."""
    schema = SystemSection.model_json_schema(mode="validation")
    models = {model.__name__: model for model in Section.__subclasses__()}
    for name, part in {SystemSection.__name__: schema, **schema["$defs"]}.items():
        means = dict(_meanings(models[name]))
        part["properties"] = {
            key: _as_written(told | {"description": means[key]}) for key, told in part["properties"].items()
        }
    return {"$schema": DRAFT, **schema, "title": "mainstay.yaml"}


def _meanings(model: type[Section]) -> Iterator[tuple[str, str]]:
    """Yield each key with the docstring below its field. Pydantic would parse them each time a manifest is loaded."""
    (written,) = ast.parse(inspect.getsource(model)).body
    assert isinstance(written, ast.ClassDef)
    for field, below in pairwise(written.body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield model.model_fields[name].alias or name, inspect.cleandoc(text)


def _as_written(told: dict[str, Any]) -> dict[str, Any]:
    """Return a key's schema without titles and internal defaults; a duration's default is written like `30s`."""
    told = {name: value for name, value in told.items() if name != "title"}
    default = told.get("default")
    if default is None or isinstance(default, dict):
        return {name: value for name, value in told.items() if name != "default"}
    if told.get("examples") == DURATIONS:
        return told | {"default": f"{default:g}s"}
    return told
