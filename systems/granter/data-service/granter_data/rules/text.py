"""Text: the text that a reader sees of HTML, line by line."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

LONGEST_LABEL = 60
_BLOCKS = frozenset(
    {
        *(
            "address",
            "article",
            "aside",
            "blockquote",
            "br",
            "dd",
            "details",
            "div",
            "dl",
            "dt",
            "fieldset",
            "figcaption",
        ),
        *("figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre"),
        *("section", "summary", "table", "tbody", "thead", "tr", "ul"),
    }
)


_DEEPEST = 150
"""A depth of nested boxes that no author uses on purpose; the boxes below it are read as one text."""


def plain(text: str | None) -> str:
    """Return *text* on one line, without soft hyphens and control characters."""
    words = " ".join((text or "").replace("\u00ad", "").replace("\u200b", "").split())
    return "".join(c for c in words if c.isprintable() or c in "\u00a0\u202f")


def lines_of(node: LexborNode, depth: int = 0) -> list[str]:
    """Return the text under *node*, one line per block; a term and its description, or a row's cells, share a line."""
    text = "".join(_pieces(node, depth))
    return [line for line in map(plain, text.split("\n")) if line.strip(" :·")]


def _pieces(node: LexborNode, depth: int = 0) -> Iterator[str]:
    if depth > _DEEPEST:
        yield plain(node.text())
        return
    for child in node.iter(include_text=True, skip_empty=False):
        tag = child.tag or ""
        if tag == "-text":
            yield re.sub(r"\s+", " ", child.text_content or "")
        elif tag == "dt" or (tag == "th" and child.next is not None):
            label = plain(child.text()).rstrip(":")
            yield f"\n{label}: " if tag == "dt" else f"{label}: "
        elif tag == "dd":
            yield " ".join(lines_of(child, depth + 1)) + "\n"
        elif tag in ("td", "th"):
            cell = " ".join(lines_of(child, depth + 1))
            first = child.parent is not None and plain(child.parent.text()).startswith(cell)
            short = len(cell) <= LONGEST_LABEL and not cell.endswith(":")
            yield cell + (": " if first and short else " ")
        elif tag == "pre":
            yield f"\n{child.text()}\n"
        elif tag in _BLOCKS:
            yield "\n"
            yield from _pieces(child, depth + 1)
            yield "\n"
        elif tag and not tag.startswith(("-", "!")):
            yield from _pieces(child, depth + 1)
            if child.next is not None and child.next.tag == tag:
                # Only their boxes separate the two: a name and its value.
                yield ": " if len(plain(child.text())) <= 40 else " "
