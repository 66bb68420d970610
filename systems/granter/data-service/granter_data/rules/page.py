"""Page: a notice's HTML as the rules see it: lines of text, labelled values, headings, meta tags."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from granter_data.rules import linked_data
from granter_data.rules.language import language_of
from granter_data.rules.plain_text import heads_of, plain_lines
from granter_data.rules.text import lines_of, plain

_INVISIBLE = "script, style, noscript, template, svg, form, button, nav, [hidden], [role=navigation], [role=search]"
_AROUND = "body > header, body > footer, [role=banner], [role=contentinfo], body > div > footer"
_ASIDE = re.compile(r"cookie|breadcrumb|related|see-?also|similar|share|newsletter|menu|sidebar-links", re.I)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_LABELLED = re.compile(r"^([^:.!?]{2,60}?)\s*:\s+(\S.*)$")


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed page. Its text has no control characters, only single spaces; a line is a block as a reader sees it."""

    language: str
    document_title: str
    headings: tuple[str, ...]
    meta: dict[str, str]
    pairs: tuple[tuple[str, str], ...]
    bylines: tuple[str, ...]
    lines: tuple[str, ...]


def page_of(html: str) -> Page:
    """Parse *html*; a document that is not HTML yields an empty page."""
    tree = LexborHTMLParser(html)
    root = tree.root
    if root is None:
        return Page("", "", (), {}, (), (), ())
    for struck in tree.css("del, s, strike, [style*='line-through']"):
        struck.decompose()  # struck-out text has been replaced and must not be read
    for time in tree.css("time[datetime]"):
        if not re.search(r"\b20\d\d\b", time.text()):
            time.insert_child(f" {(time.attributes.get('datetime') or '')[:10]}")
    title = tree.css_first("head > title") or tree.css_first("title")
    meta = _meta(tree)
    html_element = tree.css_first("html")
    name, properties = linked_data.described_grant(tree)
    everywhere = tuple(filter(None, (plain(h.text()) for h in tree.css("h1"))))
    for node in tree.css(f"{_INVISIBLE}, {_AROUND}"):
        node.decompose()
    for node in tree.css("[class], [id]"):
        if node.tag not in ("html", "body", "main", "article") and _ASIDE.search(_names(node)):
            node.decompose()
    main = tree.css_first("main") or tree.css_first("[role=main]") or tree.css_first("article") or tree.body or root
    aside = list(tree.css("aside"))
    aside_lines = [line for node in aside for line in lines_of(node)]
    shapes = (*_by_shape(main), *(pair for node in aside for pair in _by_shape(node)))
    headings = tuple(filter(None, (plain(h.text()) for h in main.css("h1, h2"))))
    bylines = tuple(_bylines(tree))
    for node in aside:
        node.decompose()
    main_lines = tuple(lines_of(main))
    # Metadata that only programs see is a part of the page's text too.
    lines = (*main_lines, *(line for line in _as_lines(name, properties) if line not in main_lines))
    pairs = (*_by_colon(main_lines), *shapes, *_by_colon(aside_lines), *properties)
    return Page(
        language=language_of((html_element.attributes.get("lang") if html_element else "") or "", lines),
        document_title=plain(title.text()) if title else "",
        headings=tuple(dict.fromkeys(filter(None, (*headings, *everywhere, name)))),
        meta=meta,
        pairs=tuple(dict.fromkeys((label, value) for label, value in pairs if label and value)),
        bylines=bylines,
        lines=lines,
    )


def page_of_text(text: str) -> Page:
    """Parse plain *text*, such as a PDF's: join its lines to paragraphs and leave out its running heads."""
    lines = tuple(plain_lines(text))
    return Page(
        language=language_of("", lines),
        document_title="",
        headings=heads_of(lines),
        meta={},
        pairs=tuple(dict.fromkeys(_by_colon(lines))),
        bylines=(),
        lines=lines,
    )


def _as_lines(name: str, properties: list[tuple[str, str]]) -> Iterator[str]:
    if name:
        yield name
    for label, value in properties:
        yield value if label == "about" else f"{label.capitalize()}: {value}"


def _by_colon(lines: list[str] | tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for line in lines:
        if found := _LABELLED.match(line):
            yield _label(found[1]), found[2]


def _by_shape(root: LexborNode) -> Iterator[tuple[str, str]]:
    """Yield labels without a colon: a bold or boxed name before its value, a short heading above it."""
    for node in root.css("p, li, div"):
        children = [child for child in node.iter(include_text=True) if plain(child.text())]
        if len(children) < 2 or len(children) > 4:
            continue
        name = plain(children[0].text())
        if children[0].tag in ("b", "strong", "em", "span", "div", "small", "p", "label") and len(name) <= 40:
            yield _label(name), plain(" ".join(child.text() or "" for child in children[1:])).lstrip(":–- ")
    for node in root.css("h2, h3, h4, h5, h6"):
        below = node.next
        while below is not None and below.tag == "-text":
            below = below.next
        if below is not None and below.tag not in _HEADINGS and len(plain(node.text())) <= 40:
            yield _label(plain(node.text())), (lines_of(below) or [plain(below.text())])[0]


def _label(text: str) -> str:
    return text.strip(" :–-•*").casefold()


def _meta(tree: LexborHTMLParser) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in tree.css("meta[content]"):
        name = node.attributes.get("name") or node.attributes.get("property") or node.attributes.get("itemprop")
        if name and (content := plain(node.attributes.get("content"))):
            found.setdefault(name.casefold(), content)
    return found


def _bylines(tree: LexborHTMLParser) -> Iterator[str]:
    for node in tree.css("[itemprop=funder], [rel=author], [itemprop=author], [class]"):
        properties = f"{node.attributes.get('itemprop') or ''} {node.attributes.get('rel') or ''} {_names(node)}"
        text = plain(node.text())
        if re.search(r"\b(byline|author|funder|sponsor|donor|organi[sz]er|publisher|issuer)\b", properties, re.I) and (
            2 < len(text) <= 120
        ):
            yield text


def _names(node: LexborNode) -> str:
    return f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}"
