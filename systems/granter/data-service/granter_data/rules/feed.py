"""Feed: a machine-readable listing, as RSS, Atom or sitemap."""

import re
from collections import Counter
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from granter_data.rules.address import led_to
from granter_data.rules.links import Links

_ROOTS = ("rss", "feed", "rdf", "urlset", "sitemapindex")
_BEGINS = re.compile(rf"^\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*|<\?[^>]*>\s*)*<(\w+:)?({'|'.join(_ROOTS)})\b", re.I | re.S)
_BASE = "{http://www.w3.org/XML/1998/namespace}base"


def is_feed(text: str) -> bool:
    return bool(_BEGINS.match(text[:4000].lstrip("\ufeff")))


def links_of_feed(text: str, url: str) -> Links:
    """Return the links of the feed *text* at *url*; a malformed feed has none."""
    try:
        # The text is already decoded, so the encoding in its first line no longer applies.
        root = ElementTree.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text.lstrip("\ufeff"), count=1))
    except ElementTree.ParseError:
        return Links((), ())
    found: dict[str, dict[str, None]] = {"notices": {}, "listings": {}}
    for kind, href, base in _links(root, url):
        if (to := led_to(href, base)) and to != url:
            found[kind][to] = None
    below = Counter(above for to in found["notices"] for above in _above(to))
    # A sitemap contains listing pages next to notices; the notices on those pages are in the sitemap already.
    notices = (to for to in found["notices"] if below[to.rstrip("/")] < 2)
    return Links(tuple(notices), tuple(found["listings"]))


def _links(root: Element, url: str) -> Iterator[tuple[str, str, str]]:
    """Yield the kind, address and base of each link, in the order of the feed."""
    waiting = [(root, url, "")]
    while waiting:
        element, base, within = waiting.pop()
        name = _name(element)
        if stated := element.get(_BASE):
            base = led_to(stated, base) or base
        within = name if name in ("item", "entry", "url", "sitemap") else within
        text, rel = (element.text or "").strip(), element.get("rel", "alternate")
        match name, within:
            case "link", "item" if text:
                yield "notices", text, base
            case "link", "entry" if rel == "alternate" and "html" in element.get("type", "html"):
                yield "notices", element.get("href", ""), base
            case "link", "" if rel == "next":
                yield "listings", element.get("href", ""), base
            case "loc", "url":
                yield "notices", text, base
            case "loc", "sitemap":
                yield "listings", text, base
        waiting += [(child, base, within) for child in reversed(element)]


def _above(url: str) -> Iterator[str]:
    """Yield the parent folders of *url*."""
    above = url.rstrip("/")
    while above.count("/") > 3:
        above = above.rpartition("/")[0]
        yield above


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2].casefold()
