"""The manifest file as a tree of values with their places, parsed by YAML 1.2's rules, without tags and aliases."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from mainstay.errors import ManifestInvalid, Mistake, Place
from mainstay.manifest.scalars import WrittenFloat, WrittenInt

Location = tuple[str | int, ...]
"""The path of a value in the document: keys and positions, from the top."""

DEEPEST = 32
MOST_NODES = 100_000
_TAG = "tag:yaml.org,2002:"
_NULL, _BOOL, _INT, _FLOAT, _TEXT = (_TAG + name for name in ("null", "bool", "int", "float", "str"))
_KNOWN = {_NULL, _BOOL, _INT, _FLOAT, _TEXT, _TAG + "map", _TAG + "seq"}


class Dialect(yaml.CSafeLoader):
    """YAML 1.2's core schema: `no`, `on`, `22:22` and dates are texts."""


Dialect.yaml_implicit_resolvers = {}

for _tag, _pattern, _first in (
    (_NULL, r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    (_BOOL, r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    (_INT, r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        _FLOAT,
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
):
    Dialect.add_implicit_resolver(_tag, re.compile(rf"(?:{_pattern})\Z"), _first)


class Document:
    """One file's tree, its mistakes of form, and warnings about values that YAML parses differently than they look."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.mistakes: list[Mistake] = []
        self.warnings: list[Mistake] = []
        self._nodes = 0
        self.root = self._composed(text)
        if isinstance(self.root, MappingNode):
            self._check(self.root, (), set())

    def _composed(self, text: str) -> Node:
        loader = Dialect(text)
        try:
            root = loader.get_single_node()
        except yaml.MarkedYAMLError as error:
            raise ManifestInvalid((self._unreadable(error, text),)) from error
        except RecursionError:
            raise ManifestInvalid((self._too_deep(1, 1),)) from None
        finally:
            loader.dispose()
        if root is None or (isinstance(root, ScalarNode) and root.tag == _NULL):
            remedy = "mainstay init in an empty folder writes the smallest one"
            raise ManifestInvalid((Mistake("empty-file", "the file is empty", remedy, Place(self.file, 1, 1)),))
        if not isinstance(root, MappingNode):
            found = "a list" if isinstance(root, SequenceNode) else "a text"
            raise ManifestInvalid(
                (
                    self._at(
                        root, (), "not-a-mapping", f"expected keys at the top, found {found}", "begin with system: NAME"
                    ),
                )
            )
        return root

    def _unreadable(self, error: yaml.MarkedYAMLError, text: str) -> Mistake:
        mark = error.problem_mark or error.context_mark
        place = Place(self.file, mark.line + 1, mark.column + 1) if mark else Place(self.file, 1, 1)
        problem = f"{error.problem}"
        if "single document" in f"{error.context}{problem}":
            return Mistake("two-documents", "found a second document", "put each system in its own file", place)
        if _is_indented_with_a_tab(text, place.line or 1):
            return Mistake("tab", f"line {place.line} is indented with a tab", "use spaces", place)
        if "alias" in problem:
            return Mistake("alias", "aliases are not allowed here", "repeat the value", place)
        return Mistake("not-yaml", f"not readable as YAML: {problem}", "look at this line and the one above", place)

    def _too_deep(self, line: int, column: int) -> Mistake:
        what = f"nested deeper than {DEEPEST} levels"
        return Mistake("too-deep", what, "a manifest needs fewer", Place(self.file, line, column))

    def _at(self, node: Node, location: Location, code: str, what: str, remedy: str) -> Mistake:
        mark = node.start_mark
        return Mistake(code, what, remedy, Place(self.file, mark.line + 1, mark.column + 1, dotted(location) or None))

    def _check(self, node: Node, location: Location, seen: set[int]) -> None:
        self._nodes += 1
        if id(node) in seen:
            raise ManifestInvalid(
                (self._at(node, location, "alias", "aliases are not allowed here", "repeat the value"),)
            )
        seen.add(id(node))
        if len(location) > DEEPEST:
            mark = node.start_mark
            raise ManifestInvalid((self._too_deep(mark.line + 1, mark.column + 1),))
        if self._nodes > MOST_NODES:
            what = f"more than {MOST_NODES} values"
            raise ManifestInvalid((self._at(node, location, "too-large", what, "a manifest needs fewer"),))
        if node.tag not in _KNOWN:
            tag = node.tag.replace(_TAG, "!!")
            self.mistakes.append(self._at(node, location, "tag", f"the tag {tag} is not allowed", "leave it out"))
        if isinstance(node, MappingNode):
            self._check_mapping(node, location, seen)
        elif isinstance(node, SequenceNode):
            for position, item in enumerate(node.value):
                self._check(item, (*location, position), seen)
        elif isinstance(node, ScalarNode) and node.tag in (_INT, _FLOAT):
            self._check_number(node, location)

    def _check_mapping(self, node: MappingNode, location: Location, seen: set[int]) -> None:
        lines: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self.mistakes.append(self._at(key, location, "bad-key", "a key must be a text", "write one word"))
                continue
            line = key.start_mark.line + 1
            here = (*location, key.value)
            if key.value in lines:
                what = f"'{key.value}' is given twice (lines {lines[key.value]} and {line})"
                self.mistakes.append(self._at(key, here, "given-twice", what, "keep one"))
            lines[key.value] = line
            self._check(value, here, seen)

    def _check_number(self, node: ScalarNode, location: Location) -> None:
        if len(node.value) > 25:
            self.mistakes.append(self._at(node, location, "long-number", "the number is too long", "shorten it"))
            node.tag = _TEXT
        elif re.match(r"[-+]?0[0-9]", node.value):
            plain = node.value.lstrip("0") or "0"
            what = f"{node.value} is read as the number {plain}"
            self.warnings.append(self._at(node, location, "leading-zero", what, f"write {plain}"))


def _is_indented_with_a_tab(text: str, line: int) -> bool:
    # YAML ends a line only at these; str.splitlines splits at further characters, so its line numbers would differ.
    written = re.split(r"\r\n|\r|\n", text)[line - 1 : line]
    return any("\t" in each[: len(each) - len(each.lstrip(" \t"))] for each in written)


def plain(node: Node) -> Any:
    """Return the values of *node* as dicts, tuples, texts, and numbers that remember how they were written."""
    if isinstance(node, MappingNode):
        return {key.value: plain(value) for key, value in node.value if isinstance(key, ScalarNode)}
    if isinstance(node, SequenceNode):
        return tuple(plain(item) for item in node.value)
    return _scalar(node.tag, node.value)


def _scalar(tag: str, text: str) -> object:
    if tag == _NULL:
        return None
    if tag == _BOOL:
        return text.lower() == "true"
    if tag == _INT:
        whole = WrittenInt(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
        whole.written = text
        return whole
    if tag == _FLOAT:
        number = WrittenFloat(text.replace(".inf", "inf").replace(".nan", "nan").lower().lstrip("+"))
        number.written = text
        return number
    return text


def merged(base: Node, over: Node) -> Node:
    """Return *base* overridden by *over*: mappings merge, lists and scalars replace, null removes. Places are kept."""
    if not isinstance(over, MappingNode):
        return over
    below = base.value if isinstance(base, MappingNode) else []
    entries = {key.value: (key, value) for key, value in below}
    for key, value in over.value:
        if value.tag == _NULL:
            entries.pop(key.value, None)
        else:
            kept, old = entries.get(key.value, (key, value))
            entries[key.value] = (kept, merged(old if old is not value else ScalarNode(_NULL, ""), value))
    return MappingNode(over.tag, list(entries.values()), over.start_mark, over.end_mark)


def without(node: Node, *keys: str) -> MappingNode:
    """Return a mapping without some keys."""
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
    """Return the place of *location*, or of the nearest part around it that was written."""
    mark, node = root.start_mark, root
    for depth, step in enumerate(location):
        if isinstance(node, MappingNode) and (pair := _pair(node, step)):
            last = depth == len(location) - 1
            node = pair[1]
            mark = pair[0].start_mark if (of_key and last) or node.start_mark is None else node.start_mark
        elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            mark = node.start_mark
        else:
            break
    return Place(file, mark.line + 1, mark.column + 1, dotted(location) or None)


def _pair(node: MappingNode, step: str | int) -> tuple[ScalarNode, Node] | None:
    return _pairs(node).get(step)


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
