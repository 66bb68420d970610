"""Listing: a page that leads to notices, and to more pages like itself."""

import re
from collections import defaultdict
from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from granter_data.rules.text import plain

_NEXT = re.compile(
    r"^(next|older|more|weiter|suivant|siguiente|próxim|seguinte|avanti|volgende|last|\d{1,4}$|[»›→])", re.I
)
_PAGES = re.compile(r"pag(e|ing|ination|er|inator)", re.I)
_AROUND = "nav, header, footer, aside, form, [role=navigation], [role=banner], [role=contentinfo]"


@dataclass(frozen=True, slots=True)
class Links:
    """Absolute addresses, each once, in the order of the page."""

    notices: tuple[str, ...]
    listings: tuple[str, ...]


def links_of(html: str, url: str) -> Links:
    """What the listing page *html* at *url* leads to."""
    tree = LexborHTMLParser(html)
    listings = [to for node in tree.css("a[href], link[rel=next]") if (to := _listing(node, url))]
    for node in tree.css(_AROUND):
        node.decompose()
    alike: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    for node in tree.css("a[href]"):
        to = _to(node, url)
        if to and to not in listings and _bare(to) != _bare(url):
            alike[_shape(node)].setdefault(to, min(len(plain(node.text())), 60))
    # Notices are linked alike and by their names: many links of one shape with much text.
    notices = max(alike.values(), key=lambda group: sum(group.values()), default={})
    return Links(tuple(notices), tuple(dict.fromkeys(listings)))


def _listing(node: LexborNode, url: str) -> str | None:
    """Where a link to another page of the same listing leads."""
    to = _to(node, url)
    if to is None or to == url or urlsplit(to).netloc != urlsplit(url).netloc:
        return None
    if "next" in (node.attributes.get("rel") or "").split():
        return to
    alike = _bare(to) == _bare(url) or re.sub(r"\d+", "", _bare(to)).startswith(re.sub(r"\d+/?$", "", _bare(url)))
    return to if alike and _NEXT.match(plain(node.text())) and _among_pages(node, to) else None


def _among_pages(node: LexborNode, to: str) -> bool:
    around: LexborNode | None = node
    for _ in range(4):
        if around is None:
            break
        names = " ".join(around.attributes.get(key) or "" for key in ("class", "id", "aria-label"))
        if _PAGES.search(names):
            return True
        around = around.parent
    return bool(re.search(r"[?&/](page|p|seite|pagina|página|start|offset)[=/]\d+", to, re.I))


def _to(node: LexborNode, url: str) -> str | None:
    to = urldefrag(urljoin(url, node.attributes.get("href") or "")).url
    return to if urlsplit(to).scheme in ("http", "https") else None


def _bare(url: str) -> str:
    return urlsplit(url).path.rstrip("/")


def _shape(node: LexborNode) -> tuple[str, ...]:
    shape: list[str] = []
    above: LexborNode | None = node
    while above is not None and above.tag != "body" and len(shape) < 6:
        shape.append(f"{above.tag}.{(above.attributes.get('class') or '').split(' ')[0]}")
        above = above.parent
    return tuple(shape)
