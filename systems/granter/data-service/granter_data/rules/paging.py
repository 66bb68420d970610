"""Paging: the links of a listing that lead to its other pages."""

import re
from urllib.parse import parse_qsl, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from granter_data.rules.address import bare, led_to
from granter_data.rules.terms import any_of
from granter_data.rules.text import plain

_ONWARD = any_of(
    r"""
    ^next | ^((load|show|view|see) )?(older|more) | ^last\b
    ^(page |seite |página |pagina )?\d{1,4}( (of|von|de|sur|di|van) \d+)?$
    ^[»›→>]+$ | ^weiter | ^nächste | ^mehr | ^letzte | ^suivant | ^page suivante
    ^((voir|charger|afficher) )?(plus|la suite)
    ^dernière | ^siguiente | ^((ver|cargar|mostrar) )?más | ^últim | ^próxim | ^seguinte | ^((ver|carregar) )?mais
    ^avanti
    ^success | ^prossim | ^((mostra|carica) )?altr | ^volgende | ^((toon|laad) )?meer | ^laatste
    """
)
_PAGES = re.compile(r"pag(e|ing|ination|er|inator)|load-?more|blaettern|blättern|paginaci", re.I)
_PAGE_PARAMETER = re.compile(
    r"[?&/;](page|paged|p|pg|pag|pagenr|pageindex|seite|pagina|página|start|offset|skip|from)[=/:]\d+"
    r"|[?&](cursor|after|continue|continuation|page_?token|next_?token)=",
    re.I,
)


def other_pages(tree: LexborHTMLParser, url: str, base: str) -> list[str]:
    """Return the addresses of the listing's other pages, without duplicates."""
    found = (_leads_on(node, url, base) for node in tree.css("a[href], link[rel=next]"))
    return list(dict.fromkeys(to for to in found if to))


def _leads_on(node: LexborNode, url: str, base: str) -> str | None:
    to = led_to(node.attributes.get("href"), base)
    if to is None or to == url:
        return None
    if "next" in (node.attributes.get("rel") or "").split():
        return to
    labels = (plain(node.text()), node.attributes.get("aria-label") or "", node.attributes.get("title") or "")
    if not any(_ONWARD.search(words.strip(" «‹›»→>") or words) for words in labels if words):
        return None
    if _in_pager(node):
        return to if _same_but_number(to, url) or _folder(to) == _folder(url) else None
    numbered = _counts_on(to, url) and not labels[0].isdigit()
    return to if numbered or (_same_but_number(to, url) and _PAGE_PARAMETER.search(to)) else None


def _same_but_number(to: str, url: str) -> bool:
    """Return whether both paths differ only in a number."""
    return bare(to) == bare(url) or re.sub(r"\d+", "", bare(to)).startswith(re.sub(r"\d+/?$", "", bare(url)))


def _counts_on(to: str, url: str) -> bool:
    """Return whether the parameters of *to* differ from those of *url* in one number only, whatever its name."""
    other = {*parse_qsl(urlsplit(to).query)} ^ {*parse_qsl(urlsplit(url).query)}
    return bare(to) == bare(url) and len({name for name, _ in other}) == 1 and all(v.isdigit() for _, v in other)


def _folder(url: str) -> str:
    return bare(url).rpartition("/")[0]


def _in_pager(node: LexborNode) -> bool:
    around: LexborNode | None = node
    for _ in range(4):
        if around is None or around.tag in ("body", "main"):
            return False
        if _PAGES.search(" ".join(around.attributes.get(key) or "" for key in ("class", "id", "aria-label"))):
            return True
        around = around.parent
    return False
