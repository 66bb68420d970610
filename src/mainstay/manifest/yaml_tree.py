"""Read a tree of YAML nodes: its values, the effect of overrides, and the place of each value in the file."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from mainstay.errors import Place
from mainstay.manifest.scalars import WrittenFloat, WrittenInt

Location = tuple[str | int, ...]
"""The path of a value in the document: the keys and list positions that lead to it from the top."""

TAG = "tag:yaml.org,2002:"
NULL, BOOL, INT, FLOAT, TEXT, MAPPING, LIST = (
    TAG + name for name in ("null", "bool", "int", "float", "str", "map", "seq")
)


def plain(node: Node) -> Any:
    """Return the values of *node* as dicts, tuples, strings, and numbers that remember how they were written."""
    if isinstance(node, MappingNode):
        return {key.value: plain(value) for key, value in node.value if isinstance(key, ScalarNode)}
    if isinstance(node, SequenceNode):
        return tuple(plain(item) for item in node.value)
    return _scalar(node.tag, node.value)


def _scalar(tag: str, text: str) -> object:
    if tag == NULL:
        return None
    if tag == BOOL:
        return text.lower() == "true"
    if tag == INT:
        whole = WrittenInt(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
        whole.written = text
        return whole
    if tag == FLOAT:
        number = WrittenFloat(text.replace(".inf", "inf").replace(".nan", "nan").lower().lstrip("+"))
        number.written = text
        return number
    return text


def merged(base: Node, over: Node) -> Node:
    """Return *base* overridden by *over*: mappings are merged, lists and scalars replace, null removes a key.

    Every node keeps its place in the file.
    """
    if not isinstance(over, MappingNode):
        return over
    below = base.value if isinstance(base, MappingNode) else []
    entries = {key.value: (key, value) for key, value in below}
    for key, value in over.value:
        if value.tag == NULL:
            entries.pop(key.value, None)
        else:
            kept, old = entries.get(key.value, (key, value))
            entries[key.value] = (kept, merged(old if old is not value else ScalarNode(NULL, ""), value))
    return MappingNode(over.tag, list(entries.values()), over.start_mark, over.end_mark)


def without(node: Node, *keys: str) -> MappingNode:
    """Return the mapping *node* without *keys*."""
    kept = [(key, value) for key, value in node.value if key.value not in keys]
    return MappingNode(node.tag, kept, node.start_mark, node.end_mark)


def child(node: Node | None, key: str) -> Node | None:
    """Return the value of *key*; None when *node* is not a mapping or does not have it."""
    if not isinstance(node, MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def keys(node: Node | None) -> Iterator[str]:
    """Yield the keys of a mapping; nothing when *node* is not a mapping."""
    if isinstance(node, MappingNode):
        yield from (key.value for key, _ in node.value)


def place(file: str, root: Node, location: Location, *, of_key: bool = False) -> Place:
    """Return the line and column in *file* of *location*, or of its nearest parent that the tree *root* contains.

    With *of_key*, return the place of the key instead of the value.
    """
    mark, node = root.start_mark, root
    for depth, step in enumerate(location):
        if isinstance(node, MappingNode) and (pair := _pairs(node).get(step)):
            last = depth == len(location) - 1
            node = pair[1]
            mark = pair[0].start_mark if (of_key and last) or node.start_mark is None else node.start_mark
        elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            mark = node.start_mark
        else:
            break
    return Place(file, mark.line + 1, mark.column + 1, dotted(location) or None)


@lru_cache(maxsize=64)
def _pairs(node: MappingNode) -> dict[str | int, tuple[ScalarNode, Node]]:
    """Return the key and value nodes by key; for a duplicate key the last pair."""
    return {key.value: (key, value) for key, value in node.value if isinstance(key, ScalarNode)}


def dotted(location: Location) -> str:
    """Return *location* as text, such as `services.web.volumes[0]`."""
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
