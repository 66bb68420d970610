"""Title: the call's own name, not that of the site which announces it."""

import re

from granter_data.rules.page import Page
from granter_data.rules.terms import any_of

_BETWEEN = re.compile(r"\s+(?:[|–—·»:]{1,2}|-|::)\s+")
_GENERIC = any_of(
    r"""
    home | news | (view|see) [\w\s]*(opportunity|grant|call) | grants?
    calls?( for (proposals|applications))? | (open|current|latest) (calls|grants|funding|opportunities)
    funding( opportunit(y|ies))? | opportunit(y|ies) | announcements? | notice( of funding( opportunity)?)?
    (grant )?details? | ausschreibung(en)? | förderung(en)? | appel(s)? à projets? | convocatorias? | editais
    edital | bandi | overview | welcome
    """,
    whole=True,
)
_LABEL = re.compile(r"(^|opportunity |call |grant )(title|name)$|^titel$|^titre$|^título$|^titolo$")


def title_of(page: Page) -> str | None:
    """Return the heading that the title of the HTML document confirms, else the best candidate, or None."""
    site = page.meta.get("og:site_name", "").casefold()
    shared = page.meta.get("og:title") or page.meta.get("twitter:title") or page.meta.get("dc.title") or ""
    parts = [part for part in _BETWEEN.split(page.document_title) if part and part.casefold() != site]
    headings = [h for h in page.headings if not _GENERIC.match(h) and h.casefold() != site]
    for heading in headings:
        if _same(heading, shared) or (parts and page.document_title.casefold().startswith(heading.casefold())):
            return heading
    if shared and not _GENERIC.match(shared):
        return _without_site(shared, site)
    for heading in headings:
        if any(_same(heading, part) for part in parts[:-1] or parts):
            return heading
    if not headings[1:] and (labelled := next((value for label, value in page.pairs if _LABEL.search(label)), None)):
        return labelled
    named = [part for part in parts if not _GENERIC.match(part)]
    if headings and not (named and _same(headings[0], named[-1]) and len(named) > 1):
        return headings[0]
    return named[0] if named else None


def _same(one: str, other: str) -> bool:
    one, other = (re.sub(r"\W+", " ", text.casefold()).strip() for text in (one, other))
    return bool(one and other) and (one == other or (len(one) > 12 and one in other))


def _without_site(title: str, site: str) -> str:
    parts = _BETWEEN.split(title)
    return title[: title.rfind(parts[-1])].rstrip(" |–—·»:-") if site and parts[-1].casefold() == site else title
