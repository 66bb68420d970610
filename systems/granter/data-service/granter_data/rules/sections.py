"""Sections: parts of one page that its own links lead to, where each is a notice of its own."""

from collections.abc import Collection, Iterator
from html import escape
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser, LexborNode

from granter_data.rules.address import bare, led_to
from granter_data.rules.text import plain

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_HEADS = (*_HEADINGS, "dt", "p")
_INLINE = ("a", "span", "b", "strong", "em", "i", "small")
_PARTS = "details[id], section[id], article[id], li[id], h2[id], h3[id], dt[id]"
_MAX_SHARE = 0.6
"""A part that holds a larger share of the page than this is not a section."""
_MAX_LINKS = 2


def anchored(tree: LexborHTMLParser, url: str, linked: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the anchor and the text of each section of the page, except of cards, which link to a *linked* notice."""
    page_length = len(tree.body.text()) if tree.body else 0
    anchors = _anchors(tree)
    # Without links to anchors, every part with an id may be a section.
    for anchor in anchors or dict.fromkeys(node.attributes["id"] or "" for node in tree.css(_PARTS)):
        nodes = _section(tree, anchor, anchors)
        text = plain(" ".join(node.text(separator=" ") for node in nodes))
        targets = {to for node in nodes for link in node.css("a[href]") if (to := led_to(link.attributes["href"], url))}
        others = {to for to in targets if bare(to) != bare(url)}
        if (
            text
            and len(text) < page_length * _MAX_SHARE
            and len(others) <= _MAX_LINKS
            and not others.intersection(linked)
        ):
            yield anchor, text


def section_of(html: str, anchor: str) -> str:
    """Return the section at *anchor* as a page of its own; empty when there is none."""
    tree = LexborHTMLParser(html)
    anchor = unquote(anchor)
    nodes = _section(tree, anchor, {*_anchors(tree), anchor})
    if not nodes:
        return ""
    html_element = tree.css_first("html")
    language = (html_element.attributes.get("lang") if html_element else "") or ""
    title = tree.css_first("title")
    head, *rest = nodes
    inner = [head.html or "", *(node.html or "" for node in rest)]
    if head.tag in _HEADS:
        inner[0] = f"<h1>{escape(plain(head.text()))}</h1>"
    elif named := head.css_first(", ".join((*_HEADINGS, "summary", "dt", "strong"))):
        inner.insert(0, f"<h1>{escape(plain(named.text()))}</h1>")
    site = escape(plain(title.text())) if title else ""
    return f"<html lang='{escape(language)}'><title>{site}</title><body>{''.join(inner)}</body></html>"


def _anchors(tree: LexborHTMLParser) -> dict[str, None]:
    hrefs = (node.attributes.get("href") or "" for node in tree.css("a[href*='#']"))
    return dict.fromkeys(unquote(href.partition("#")[2]) for href in hrefs if len(href.partition("#")[2]) > 1)


def _section(tree: LexborHTMLParser, anchor: str, anchors: dict[str, None] | set[str]) -> list[LexborNode]:
    """Return the box that has the anchor; or the heading that has it, with everything up to the next heading."""
    node = next((node for node in tree.css("[id], a[name]") if anchor in _named(node)), None)
    while node is not None and node.tag in _INLINE:
        node = node.parent
    if node is None or node.tag in ("html", "body", "main"):
        return []
    if node.tag not in _HEADS:
        return [node]
    nodes = [node]
    sibling = node.next
    while sibling is not None and not _begins_another(sibling, node, anchors):
        if sibling.tag != "-text":
            nodes.append(sibling)
        sibling = sibling.next
    return nodes


def _begins_another(sibling: LexborNode, head: LexborNode, anchors: dict[str, None] | set[str]) -> bool:
    if sibling.tag == "-text":
        return False
    if sibling.tag in _HEADINGS and (head.tag not in _HEADINGS or sibling.tag <= head.tag):
        return True
    if any(name in anchors for inner in (sibling, *sibling.css("[id], a[name]")) for name in _named(inner)):
        return True
    return sibling.tag == head.tag == "dt"


def _named(node: LexborNode) -> tuple[str, ...]:
    return tuple(filter(None, (node.attributes.get("id"), node.attributes.get("name") if node.tag == "a" else None)))
