"""The key `smoke` of a manifest: the files with smoke flows, and where they may write."""

from typing import Any, Literal

from pydantic import Field, model_validator
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from mainstay.manifest import yaml_tree
from mainstay.manifest.base import Section
from mainstay.manifest.scalars import Text

KEY, PATH = "smoke", "path"


class SmokeSection(Section):
    """The smoke flows. A string or a list in place of the mapping sets `path`."""

    path: tuple[Text, ...] = Field(default=(), examples=["smoke/"])
    """The files with smoke flows, relative to the manifest's folder. For a folder, its `*.yaml` and `*.yml` files are
    read in the order of their names."""

    writes: Literal["front", "preview"] = Field(default="front", examples=["preview"])
    """Where flows with `writes: true` run. front: only through the front door, after the release has all traffic ·
    preview: also through the preview door, before the release gets traffic; they then change the data that the live
    release uses."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        value = {PATH: value} if isinstance(value, str | tuple) else value
        if isinstance(value, dict) and isinstance(value.get(PATH), str):
            return value | {PATH: (value[PATH],)}
        return value


def with_mapping(root: Node) -> Node:
    """Return *root* with `smoke` as a mapping, so that an environment can override one of its keys."""
    if not isinstance(root, MappingNode):
        return root
    return MappingNode(
        root.tag, [(key, _mapping(key, value)) for key, value in root.value], root.start_mark, root.end_mark
    )


def _mapping(key: Node, value: Node) -> Node:
    if key.value != KEY or not isinstance(value, ScalarNode | SequenceNode) or value.tag == yaml_tree.NULL:
        return value
    path = ScalarNode(yaml_tree.TEXT, PATH, value.start_mark, value.start_mark)
    return MappingNode(yaml_tree.MAPPING, [(path, value)], value.start_mark, value.end_mark)
