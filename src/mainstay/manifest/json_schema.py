"""Generate the JSON Schema of the manifest, which editors use to complete and explain keys."""

import ast
import inspect
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from mainstay.manifest.base import Section
from mainstay.manifest.scalars import DURATION, duration
from mainstay.manifest.system import SystemSection

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(root: type[Section] = SystemSection, title: str = "mainstay.yaml") -> dict[str, Any]:
    """Return the schema of a file whose top level is *root*: each key with its meaning, default and an example.

    *title* is the title of the whole schema.
    """
    schema = root.model_json_schema(mode="validation")
    sections = {section.__name__: section for section in Section.__subclasses__()}
    for name, part in {root.__name__: schema, **schema["$defs"]}.items():
        part["title"] = name.removesuffix("Section").lower()
        meanings = dict(_meanings(sections[name]))
        part["properties"] = {
            key: _key(each, meanings[key], sections[name].in_local.get(key)) for key, each in part["properties"].items()
        }
    return {"$schema": DRAFT, **schema, "title": title}


def _meanings(section: type[Section]) -> Iterator[tuple[str, str]]:
    """Yield each key with the docstring below its field.

    Pydantic can do this too, but it would parse the docstrings each time a manifest is loaded.
    """
    (written,) = ast.parse(inspect.getsource(section)).body
    assert isinstance(written, ast.ClassDef)
    for field, below in pairwise(written.body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield section.model_fields[name].alias or name, inspect.cleandoc(text)


def _key(schema: dict[str, Any], meaning: str, in_local: object) -> dict[str, Any]:
    """Return a key's schema with its meaning, without titles and internal defaults."""
    schema = {name: value for name, value in schema.items() if name != "title"}
    if in_local is not None:
        meaning += f" In `local`: {in_local}."
    default = schema.pop("default", None)
    if default is not None and not isinstance(default, dict):
        is_duration = schema.get("pattern") == f"^{DURATION.pattern}$"
        schema["default"] = duration(default) if is_duration else default
    return schema | {"description": meaning}
