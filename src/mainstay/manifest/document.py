"""Read a file in YAML 1.2 (a manifest or a smoke flow) into a tree, and find mistakes such as duplicate keys."""

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from mainstay.errors import BadInput, ManifestInvalid, Mistake, Place
from mainstay.manifest.yaml_tree import BOOL, FLOAT, INT, LIST, MAPPING, NULL, TAG, TEXT, Location, dotted
from mainstay.text.printable import HIDDEN

MANIFEST = "mainstay.yaml"
LARGEST_BYTES = 1_000_000
BEGIN = "system: NAME"
EMPTY = "mainstay init in an empty folder writes the smallest one"
DEEPEST = 32
"""The most levels of nested mappings and lists."""
MOST_NODES = 100_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_NESTED = re.compile(r"(?:[\[{]\s*){33}|^[ ]*(?:[-?][ ]+){33}", re.MULTILINE)
_PLAIN_SCALARS = (
    (NULL, re.compile(r"~|null|Null|NULL|")),
    (BOOL, re.compile(r"true|True|TRUE|false|False|FALSE")),
    (INT, re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")),
    (
        FLOAT,
        re.compile(
            r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
        ),
    ),
)
_KNOWN_TAGS = {NULL, BOOL, INT, FLOAT, TEXT, MAPPING, LIST}


@lru_cache(maxsize=1024)
def _tag(text: str) -> str:
    """Return the tag of a scalar without quotes."""
    return next((tag for tag, pattern in _PLAIN_SCALARS if pattern.fullmatch(text)), TEXT)


class Dialect(yaml.CSafeLoader):
    """A loader for the core schema of YAML 1.2, in which `no`, `on`, `22:22` and dates are strings."""

    def resolve(self, kind: type[Node], value: str | None, implicit: Any) -> str:
        """Return the tag of a node that has none in the file. `implicit[0]` is true for a scalar without quotes."""
        if kind is ScalarNode:
            return _tag(value or "") if implicit[0] else TEXT
        return LIST if kind is SequenceNode else MAPPING


class Document:
    """One parsed file: its tree of YAML nodes, mistakes such as duplicate keys, and warnings about leading zeros.

    Creating it raises ManifestInvalid when the text is not YAML or not a mapping, is too large or too deeply nested, or
    contains an alias.
    """

    def __init__(self, file: str, text: str, begin: str = BEGIN) -> None:
        self.file = file
        self._begin = begin
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
            raise ManifestInvalid(self._unreadable(error, text)) from error
        except RecursionError:
            raise ManifestInvalid(_too_deep(Place(self.file, 1, 1))) from None
        finally:
            loader.dispose()
        if root is None or (isinstance(root, ScalarNode) and root.tag == NULL):
            remedy = EMPTY if self._begin == BEGIN else f"begin with {self._begin}"
            raise ManifestInvalid(Mistake("empty-file", "the file is empty", remedy, Place(self.file, 1, 1)))
        if not isinstance(root, MappingNode):
            found = "a list" if isinstance(root, SequenceNode) else "text"
            what = f"expected keys at the top, found {found}"
            raise ManifestInvalid(self._at(root, (), "not-a-mapping", what, f"begin with {self._begin}"))
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
            return Mistake("alias", "YAML aliases (*name) are not allowed in a manifest", "repeat the value", place)
        return Mistake("not-yaml", f"not readable as YAML: {problem}", "look at this line and the one above", place)

    def _at(self, node: Node, location: Location, code: str, what: str, remedy: str) -> Mistake:
        mark = node.start_mark
        return Mistake(code, what, remedy, Place(self.file, mark.line + 1, mark.column + 1, dotted(location) or None))

    def _check(self, node: Node, location: Location, seen: set[int]) -> None:
        self._nodes += 1
        if id(node) in seen:
            raise ManifestInvalid(
                self._at(
                    node, location, "alias", "YAML aliases (*name) are not allowed in a manifest", "repeat the value"
                )
            )
        seen.add(id(node))
        if len(location) > DEEPEST:
            mark = node.start_mark
            raise ManifestInvalid(_too_deep(Place(self.file, mark.line + 1, mark.column + 1)))
        if self._nodes > MOST_NODES:
            what = f"more than {MOST_NODES} values"
            raise ManifestInvalid(self._at(node, location, "too-large", what, "a manifest needs fewer"))
        if node.tag not in _KNOWN_TAGS:
            tag = node.tag.replace(TAG, "!!")
            self.mistakes.append(self._at(node, location, "tag", f"the tag {tag} is not allowed", "leave it out"))
        if isinstance(node, MappingNode):
            self._check_mapping(node, location, seen)
        elif isinstance(node, SequenceNode):
            for position, item in enumerate(node.value):
                self._check(item, (*location, position), seen)
        elif isinstance(node, ScalarNode) and node.tag in (INT, FLOAT):
            self._check_number(node, location)

    def _check_mapping(self, node: MappingNode, location: Location, seen: set[int]) -> None:
        lines: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self.mistakes.append(self._at(key, location, "bad-key", "a key must be text", "write one word"))
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
            node.tag = TEXT
        elif re.match(r"[-+]?0[0-9]", node.value):
            plain = node.value.lstrip("0") or "0"
            what = f"{node.value} is read as the number {plain}"
            self.warnings.append(self._at(node, location, "leading-zero", what, f"write {plain}"))


def read(path: Path, begin: str = BEGIN) -> Document:
    """Return the parsed file at *path*. *begin* is how such a file begins, `system: NAME`, for remedies.

    Raises BadInput when the file cannot be read, ManifestInvalid when its content is not UTF-8 or cannot be parsed.
    """
    file = _shown(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        remedy = f"name the manifest: -f {path / MANIFEST}" if path.is_dir() else "mainstay init"
        raise BadInput(f"cannot read {file}: {error.strerror}", remedy=remedy, code="manifest-missing") from error
    if len(raw) > LARGEST_BYTES:
        what = f"the file has {len(raw):,} bytes, the limit is {LARGEST_BYTES:,}"
        raise ManifestInvalid(Mistake("too-large", what, "split it into systems", Place(file, 1, 1)))
    return Document(file, _text(file, raw), begin)


def _shown(path: Path) -> str:
    below = os.path.relpath(path)
    return str(path) if below.startswith("..") else below


def _text(file: str, raw: bytes) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in raw[:4]
        what = "the file is not UTF-8" + (" (looks like UTF-16)" if wide else "")
        line = raw.count(b"\n", 0, error.start) + 1
        raise ManifestInvalid(Mistake("not-utf8", what, "save it as UTF-8", Place(file, line, 1))) from error
    for pattern, code, what in (
        (_CONTROL, "control-character", "control character"),
        (HIDDEN, "hidden-character", "hidden character"),
    ):
        if found := pattern.search(text):
            name = f"{what} U+{ord(found[0]):04X}"
            raise ManifestInvalid(Mistake(code, name, "remove it", _position(file, text, found.start())))
    if found := _NESTED.search(text):
        raise ManifestInvalid(_too_deep(_position(file, text, found.start())))
    return text


def _too_deep(place: Place) -> Mistake:
    return Mistake("too-deep", f"nested deeper than {DEEPEST} levels", "a manifest needs fewer", place)


def _position(file: str, text: str, offset: int) -> Place:
    start = text.rfind("\n", 0, offset) + 1
    return Place(file, text.count("\n", 0, offset) + 1, offset - start + 1)


def _is_indented_with_a_tab(text: str, line: int) -> bool:
    # YAML ends a line only at these; str.splitlines splits at further characters, so its line numbers would differ.
    written = re.split(r"\r\n|\r|\n", text)[line - 1 : line]
    return any("\t" in each[: len(each) - len(each.lstrip(" \t"))] for each in written)
