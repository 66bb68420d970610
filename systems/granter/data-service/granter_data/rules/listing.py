"""Listing: a page that links to notices and to further listing pages."""

from collections import defaultdict
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from granter_data.rules import deadline_terms, linked_data
from granter_data.rules.address import (
    bare,
    base_of,
    family,
    is_below,
    is_document,
    is_news,
    led_to,
    requests_single_item,
    without_variants,
)
from granter_data.rules.boilerplate import leads_to_boilerplate, remove_boilerplate
from granter_data.rules.dates import days_in
from granter_data.rules.feed import is_feed, links_of_feed
from granter_data.rules.links import Links
from granter_data.rules.money import sums_in
from granter_data.rules.paging import other_pages
from granter_data.rules.sections import anchored
from granter_data.rules.shape import item_of, shape_of
from granter_data.rules.text import plain

_MAX_NAME = 60
_SAME_AS_ANY = 3
"""Divisor of the score of a link that only its name supports. A name scores its length, `_MAX_NAME` at most."""
_CALL, _CARD, _BELOW, _HEADING = 100, 40, 40, 20
_MAX_WEIGHED = 60


@dataclass(slots=True)
class _Group:
    """Links in boxes of the same shape, by target."""

    nodes: dict[str, list[LexborNode]] = field(default_factory=lambda: defaultdict(list))

    def score(self, url: str) -> int:
        """Return how much these links look like notices: named, next to days and sums, below the listing's URL."""
        return sum(self._score_of(to, nodes, url) for to, nodes in list(self.nodes.items())[:_MAX_WEIGHED])

    def _score_of(self, to: str, nodes: list[LexborNode], url: str) -> int:
        others = {link.attributes.get("href") or "" for at, links in self.nodes.items() if at != to for link in links}
        around = " ".join(item_of(node, others) for node in nodes[:2])
        name = max(min(len(plain(node.text())), _MAX_NAME) for node in nodes)
        evidence = (
            _CALL * mentions_call(around)
            + _CARD * (len(around) > 2 * name)
            + _BELOW * is_below(to, url)
            + _HEADING * any(_is_heading(node) for node in nodes)
        )
        return name + evidence if evidence else name // _SAME_AS_ANY


def links_of(text: str, url: str) -> Links:
    """Return the links of the listing *text* at *url*, whether it is a page or a feed."""
    return links_of_feed(text, url) if is_feed(text) else _links_of_page(text, url)


def _links_of_page(html: str, url: str) -> Links:
    tree = LexborHTMLParser(html)
    base = base_of(tree, url)
    listings = other_pages(tree, url, base)
    listed_urls = [to for href in linked_data.listed(tree) if (to := led_to(href, base)) and to != url]
    feeds = [to for node in tree.css("link[rel=alternate][type*=xml]") if (to := led_to(node.attributes["href"], base))]
    remove_boilerplate(tree)
    linked = _notices(tree, url, base, set(listings))
    if listed_urls:
        linked = (
            list(dict.fromkeys(listed_urls + linked))
            if set(listed_urls) & set(linked)
            else list(dict.fromkeys(listed_urls))
        )
    sections = [f"{url}#{anchor}" for anchor, text in anchored(tree, url, linked) if mentions_call(text)]
    if len(sections) > len(linked):
        linked = sections
    # A page that is rendered by script may still announce a feed for programs.
    return Links(tuple(linked), tuple(listings if linked else dict.fromkeys([*listings, *feeds])))


def _notices(tree: LexborHTMLParser, url: str, base: str, listings: set[str]) -> list[str]:
    """Return the targets of the best group of links, and all others of the family to which most of them belong."""
    linked = [(node, to) for node in tree.css("a[href]") if (to := _may_be_notice(node, url, base, listings))]
    pages = set(without_variants(list(dict.fromkeys(to for _, to in linked if not is_document(to)))))
    candidates = [(node, to) for node, to in linked if to in pages or not pages]
    groups: dict[tuple[str, ...], _Group] = defaultdict(_Group)
    for node, to in candidates:
        groups[shape_of(node)].nodes[to].append(node)
    if not groups:
        return []
    best = max(groups.values(), key=lambda group: group.score(url))
    families = [family(to) for to in best.nodes]
    commonest = max(families, key=families.count)
    alike = commonest is not None and families.count(commonest) > len(families) / 2
    return list(dict.fromkeys(to for _, to in candidates if to in best.nodes or (alike and family(to) == commonest)))


def _may_be_notice(node: LexborNode, url: str, base: str, listings: set[str]) -> str | None:
    to = led_to(node.attributes.get("href"), base)
    if to is None or to in listings or to == url or not bare(to) + urlsplit(to).query:
        return None
    if bare(to) == bare(url) and not requests_single_item(to, url):
        return None
    if node.attributes.get("hreflang") and node.attributes.get("lang"):
        return None  # the same page in another language
    name = plain(node.text())
    return None if leads_to_boilerplate(name) or is_news(to, url) or (not name and not node.css("img[alt]")) else to


def _is_heading(node: LexborNode) -> bool:
    headings = "h1, h2, h3, h4, h5, h6"
    above: LexborNode | None = node
    for _ in range(3):
        if above is not None and above.tag in headings.split(", "):
            return True
        above = above.parent if above is not None else None
    return bool(node.css(headings))


def mentions_call(text: str) -> bool:
    """Return whether *text* contains a date, a sum of money, or a word that introduces a deadline."""
    return bool(
        deadline_terms.STRONG.search(text)
        or deadline_terms.ROLLING.search(text)
        or any(days_in(text, month_first=False))
        or any(sums_in(text, dollar="USD"))
    )
