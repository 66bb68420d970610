# ruff: noqa: E501  (lines as long as the makers of such sites write them)
"""A government's portal: breadcrumbs, a cookie banner, a language switch, and dates such as "31st Oct. 2027, 17:00 CET"."""

from listing_sites.listing_site import Call, ListingSite

CALLS = {
    "cross-border-rail-studies": (
        "Cross-border rail studies",
        "2027-10-31",
        "31st Oct. 2027, 17:00 CET",
        "EUR 250 000",
    ),
    "young-farmers-start-up-aid": (
        "Young farmers: start-up aid",
        "2027-02-01",
        "Mon. 1st Feb. 2027 at noon",
        "EUR 35 000",
    ),
    "apprentices-abroad": ("Apprentices abroad", "2027-03-22", "22nd March 2027 (23:59 Brussels time)", "EUR 4 500"),
    "museum-accessibility": ("Museum accessibility scheme", "2027-06-03", "3rd June, 2027 — 16h00", "EUR 60 000"),
    "forest-fire-prevention": (
        "Forest fire prevention in the south",
        "2027-12-09",
        "09 Dec. 2027 12:00 UTC",
        "EUR 1.5 million",
    ),
}
BANNER = """<div id="cookie-consent" role="dialog"><p>This site uses cookies. Visit our <a href="/en/cookies">cookies policy page</a> or click the link to manage your preferences.</p><a href="/en/cookies?accept=all">Accept all cookies</a> <a href="/en/cookies?accept=none">Accept only essential cookies</a></div>"""


def page(title: str, path: str, body: str) -> str:
    return f"""<!DOCTYPE html><html lang="en" dir="ltr"><head><meta charset="utf-8"><title>{title} - Funding Portal of the Federal Government</title><link rel="canonical" href="{path}"><link rel="alternate" hreflang="fr" href="/fr{path[3:]}"></head><body>
{BANNER}<a href="#main-content" class="skip">Skip to main content</a>
<div class="language"><a href="/fr{path[3:]}" hreflang="fr" lang="fr">Français (French version)</a> <a href="/de{path[3:]}" hreflang="de" lang="de">Deutsch (German version)</a></div>
<nav aria-label="breadcrumb"><ol><li><a href="/en">Home of the portal</a></li><li><a href="/en/funding">Funding and procurement</a></li><li><a href="/en/funding/calls">Calls for proposals</a></li></ol></nav>
<nav class="side"><ul><li><a href="/en/funding/how-to-apply">How to apply for funding</a></li><li><a href="/en/funding/beneficiaries">Beneficiaries of past calls</a></li><li><a href="/en/funding/calls">Open calls for proposals</a></li></ul></nav>
<main id="main-content">{body}</main><div class="feedback">Was this page useful? <a href="/en/feedback?yes">Yes, it was</a> <a href="/en/feedback?no">No, it was not</a></div>
<footer><ul><li><a href="/en/legal-notice">Legal notice and copyright</a></li><li><a href="/en/sitemap">Map of this site</a></li><li><a href="https://twitter.example/gov">Follow the government</a></li></ul></footer></body></html>"""


def listing(number: int) -> str:
    slugs = list(CALLS)[(number - 1) * 2 : number * 2]
    items = "".join(
        f"""<div class="views-row"><div class="status">Open</div><h3><a href="/en/funding/calls/{slug}" hreflang="en">{CALLS[slug][0]}</a></h3><div class="field"><span>Closing date</span> {CALLS[slug][2]}</div></div>"""
        for slug in slugs
    )
    back = (
        f"""<li><a href="?page={number - 2}" rel="prev" title="Go to previous page"><span aria-hidden="true">‹‹</span></a></li>"""
        if number > 1
        else ""
    )
    on = (
        f"""<li><a href="?page={number}" rel="next" title="Go to next page"><span class="visually-hidden">Next page</span><span aria-hidden="true">››</span></a></li>"""
        if number < 3
        else ""
    )
    return page(
        "Calls for proposals",
        "/en/funding/calls",
        f"<h1>Calls for proposals</h1><p>Showing {len(slugs)} of 5 calls</p>{items}<nav class=pager><ul>{back}<li>Page {number}</li>{on}</ul></nav>",
    )


def detail(slug: str) -> str:
    title, _, until, amount = CALLS[slug]
    return page(
        title,
        f"/en/funding/calls/{slug}",
        f"""<h1>{title}</h1><p class="updated">Last updated: 14th Nov. 2026</p><dl><dt>Reference</dt><dd>FED/2027/{len(slug)}</dd><dt>Granting authority</dt><dd>Federal Ministry of Regions</dd><dt>Opening date</dt><dd>2nd Nov. 2026, 09:00 CET</dd><dt>Closing date</dt><dd>{until}</dd><dt>Maximum grant</dt><dd>{amount}</dd></dl>
<h2>Objective</h2><p>The scheme helps those who could not begin without it.</p><p><a href="/en/funding/how-to-apply">How to apply for funding</a></p>""",
    )


def other(title: str, path: str, body: str) -> str:
    return page(title, path, f"<h1>{title}</h1><p>{body}</p>")


SITE = ListingSite(
    start="/en/funding/calls",
    pages={
        "/en/funding/calls": listing(1),
        "/en/funding/calls?page=0": listing(1),
        "/en/funding/calls?page=1": listing(2),
        "/en/funding/calls?page=2": listing(3),
    }
    | {f"/en/funding/calls/{slug}": detail(slug) for slug in CALLS}
    | {f"/fr/funding/calls/{slug}": detail(slug) for slug in CALLS}
    | {"/fr/funding/calls": listing(1), "/de/funding/calls": listing(1)}
    | {
        "/en/cookies": other("Cookies policy", "/en/cookies", "A cookie is kept until 31 December 2027."),
        "/en/legal-notice": other("Legal notice", "/en/legal-notice", "Federal Ministry of Regions. © 2026"),
        "/en/funding/how-to-apply": other(
            "How to apply", "/en/funding/how-to-apply", "Read the call. Grants of up to EUR 1.5 million are given."
        ),
        "/en/funding/beneficiaries": other(
            "Beneficiaries", "/en/funding/beneficiaries", "In 2025, EUR 40 million went to 300 beneficiaries."
        ),
    },
    calls={f"/en/funding/calls/{slug}": Call(title, deadline) for slug, (title, deadline, _, _) in CALLS.items()},
)
