"""Addresses: URLs reduced to what identifies a page, without session ids and tracking parameters."""

import re
from collections import defaultdict
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit, urlunsplit

from selectolax.lexbor import LexborHTMLParser

_VISIT = re.compile(
    r"^(utm_\w+|fbclid|gclid|mc_[ce]id|phpsessid|jsessionid|aspsessionid\w*|cfid|cftoken|s?session_?(id)?|sid)$", re.I
)
_ONE = re.compile(r"\w*id|nr|no|ref|call|grant|fund|notice|article|item|entry|opp\w*|view|detail\w*|slug|name", re.I)
_NEWS = re.compile(
    r"/(news(room)?|press\w*|media|blog|events?|stories|aktuelles|presse\w*|veranstaltungen|nachrichten|actualites?|actus?"
    r"|evenements?|noticias?|novedades|prensa|eventos?|agenda|imprensa|notizie|comunicati|eventi|nieuws|pers)(?=/|$)",
    re.I,
)
_PAGE = re.compile(r"(/(index|default)\.\w+|/[^\W\d/]{0,10}[/:_-]?\d{1,4}(\.\w+)?)$", re.I)
_IN_PATH = re.compile(r";(jsessionid|phpsessid|sid)=[^/;?]*", re.I)


def canonical(url: str) -> str:
    """Return *url* without session ids and campaign parameters, so that every visit yields the same URL."""
    parts = urlsplit(url)
    query = "&".join(part for part in parts.query.split("&") if part and not _VISIT.match(part.partition("=")[0]))
    return urlunsplit(parts._replace(path=_IN_PATH.sub("", parts.path), query=query))


def led_to(href: str | None, base: str) -> str | None:
    """Return the absolute target of a link, without its fragment; None when it is not a web address."""
    try:
        to = urldefrag(urljoin(base, (href or "").strip())).url
        known = urlsplit(to)
        if known.scheme not in ("http", "https") or not known.hostname or known.port == 0:
            return None
    except ValueError:
        return None
    return canonical(to)


def base_of(tree: LexborHTMLParser, url: str) -> str:
    """Return the base URL of the relative links on the page at *url*."""
    node = tree.css_first("base[href]")
    try:
        return urljoin(url, (node.attributes.get("href") or "").strip()) if node else url
    except ValueError:
        return url


def bare(url: str) -> str:
    """Return the path of *url*, without a slash at its end."""
    return urlsplit(url).path.rstrip("/")


def requests_single_item(to: str, script: str) -> bool:
    """Return whether *to* has a parameter for a single item, such as `id=7`, that the listing's URL *script* lacks."""
    return bool(_ones(to) - _ones(script))


def is_below(to: str, listing: str) -> bool:
    """Return whether *to* is in the folder of the *listing*; a page number at the end of *listing* does not count."""
    folder = _PAGE.sub("", bare(listing))
    return bool(folder) and bare(to).startswith(f"{folder}/")


def is_news(to: str, listing: str) -> bool:
    """Return whether *to* is in a site's news section and the *listing* is not."""
    return bool(_NEWS.search(bare(to)) and not _NEWS.search(bare(listing)))


def family(url: str) -> tuple[str, tuple[str, ...]] | None:
    """Return what *url* shares with similar pages: its folder, or script and parameter names; None at the root."""
    parts = urlsplit(url)
    if parameters := tuple(sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)})):
        return parts.path, parameters
    folder = parts.path.rstrip("/").rpartition("/")[0]
    return (folder, ()) if folder else None


def is_document(url: str) -> bool:
    """Return whether *url* names a document file and not a page."""
    return bool(
        re.search(r"\.(pdf|docx?|odt|rtf|xlsx?|ods|pptx?|csv|zip|epub|ics|jpe?g|png|gif|svg|mp[34])$", bare(url), re.I)
    )


def without_variants(urls: list[str]) -> list[str]:
    """Return *urls* without variant views of a page: those with all the parameters of another URL, and more."""
    parameters = {url: frozenset(parse_qsl(urlsplit(url).query, keep_blank_values=True)) for url in urls}
    alike: dict[str, list[str]] = defaultdict(list)
    for url in urls:
        alike[bare(url)].append(url)
    views = {url: [more for more in alike[bare(url)] if parameters[url] < parameters[more]] for url in urls}
    # If most similar URLs extend this one, it is the script that shows them and not a page of its own.
    scripts = {url for url, more in views.items() if len(more) > max(2, len(alike[bare(url)]) / 2)}
    variants = scripts | {more for url in urls if url not in scripts for more in views[url]}
    return [url for url in urls if url not in variants]


def _ones(url: str) -> set[tuple[str, str]]:
    return {(name, value) for name, value in parse_qsl(urlsplit(url).query) if _ONE.fullmatch(name)}
