# ruff: noqa: E501  (lines as long as the makers of such sites write them)
"""A site rendered by script; without scripts, it has only JSON-LD in schema.org's vocabulary."""

import json
from typing import Any

from listing_sites.listing_site import Call, ListingSite

CALLS: dict[str, tuple[str, str, Any]] = {
    "brain-health": (
        "Brain health across borders",
        "2027-04-20",
        {"@type": "MonetaryAmount", "currency": "EUR", "maxValue": 750000},
    ),
    "rare-birds": (
        "Rare birds of the steppe",
        "2027-06-11",
        {
            "@type": "MonetaryAmount",
            "currency": "USD",
            "value": {"@type": "QuantitativeValue", "minValue": 5000, "maxValue": 20000},
        },
    ),
    "glass-art": (
        "Glass art residencies",
        "2027-09-01",
        {"@type": "MonetaryAmount", "currency": "CZK", "value": "120000"},
    ),
}


def script(data: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'


def page(title: str, data: object, body: str) -> str:
    crumbs = {
        "@context": "https://schema.org",
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": 1, "name": "Home", "item": "/"},
            {"@type": "ListItem", "position": 2, "name": "Grants", "item": "/grants"},
        ],
    }
    return f"""<!doctype html><html lang="en"><head><title>{title}</title>{script(crumbs)}{script(data)}
<script>window.__STATE__={{"user":null}}</script></head><body><div id="root"><noscript>Please turn JavaScript on.</noscript>{body}</div></body></html>"""


def grant(slug: str) -> str:
    title, deadline, amount = CALLS[slug]
    data = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "Organization", "@id": "#us", "name": "Meridian Foundation", "url": "/"},
            {
                "@type": ["MonetaryGrant"],
                "name": title,
                "url": f"/grants/{slug}",
                "funder": {"@id": "#us"},
                "amount": amount,
                "description": f"<p>The Meridian Foundation invites applications to <b>{title}</b>.</p>",
            },
            {
                "@type": "Event",
                "name": f"Application window of {title}",
                "startDate": "2027-01-10",
                "endDate": f"{deadline}T17:00:00+02:00",
            },
        ],
    }
    return page(f"{title} · Meridian", data, "")


ITEMS = {
    "@context": "https://schema.org",
    "@type": "ItemList",
    "numberOfItems": len(CALLS),
    "itemListElement": [
        {"@type": "ListItem", "position": at, "url": f"/grants/{slug}", "name": CALLS[slug][0]}
        for at, slug in enumerate(CALLS, 1)
    ],
}

SITE = ListingSite(
    start="/grants",
    pages={
        "/grants": page("Grants · Meridian", ITEMS, ""),
        "/": page("Meridian", {"@type": "WebSite", "name": "Meridian"}, ""),
    }
    | {f"/grants/{slug}": grant(slug) for slug in CALLS},
    calls={f"/grants/{slug}": Call(title, deadline) for slug, (title, deadline, _) in CALLS.items()},
)
