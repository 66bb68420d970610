# ruff: noqa: E501  (lines as long as the makers of such sites write them)
"""A sitemap index of two sitemaps, with the notices among all other pages."""

from granter_fake_site import Reply

from listing_sites.listing_site import Call, ListingSite

CALLS = {
    "/calls/heat-pumps": ("Heat pumps in hospitals", "2027-05-31", "31 May 2027"),
    "/calls/citizen-labs": ("Citizen labs for clean air", "2027-06-15", "15 June 2027"),
    "/calls/old-grains": ("Old grains, new bread", "2027-07-01", "1 July 2027"),
    "/calls/coastal-paths": ("Coastal paths for everyone", "2027-08-31", "31 August 2027"),
}
OTHERS = {
    "/": ("North Shore Fund", "We are a fund for the north shore."),
    "/imprint": ("Imprint", "North Shore Fund, 1 Quay Street. Registered 12 May 1990, capital of €250,000."),
    "/privacy": ("Privacy notice", "We keep your data until 31 December of the following year."),
    "/team/eva-holm": ("Eva Holm", "Eva has led the fund since 3 March 2019."),
    "/news/2026-annual-report": (
        "Annual report 2026 is out",
        "In 2026 the fund gave €3.2 million. Published 4 May 2026.",
    ),
    "/news/summer-party": ("Summer party", "Join us on 20 June 2027 at the harbour; tickets are €15."),
    "/faq": ("Frequently asked questions", "How do I apply? See the open calls."),
    "/contact": ("Contact", "Write to us."),
}
MAP = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def xml(kind: str, entry: str, paths: list[str]) -> Reply:
    every = "".join(f"<{entry}><loc>{path}</loc><lastmod>2026-11-01</lastmod></{entry}>" for path in paths)
    return Reply(f'<?xml version="1.0" encoding="UTF-8"?><{kind} {MAP}>{every}</{kind}>', "application/xml")


def notice(path: str) -> str:
    title, _, day = CALLS[path]
    return f"""<html lang=en><head><title>{title}</title></head><body><nav><a href=/>Home</a> <a href=/faq>Frequently asked questions</a></nav><h1>{title}</h1>
<dl><dt>Who gives</dt><dd>North Shore Fund</dd><dt>How much</dt><dd>up to €40,000</dd><dt>Closes</dt><dd>{day}</dd></dl><p>The call is for towns, clubs and schools.</p></body></html>"""


SITE = ListingSite(
    start="/sitemap.xml",
    pages={
        "/sitemap.xml": xml("sitemapindex", "sitemap", ["/sitemap-pages.xml", "/sitemap-calls.xml"]),
        "/sitemap-pages.xml": xml("urlset", "url", list(OTHERS)),
        "/sitemap-calls.xml": xml("urlset", "url", list(CALLS)),
    }
    | {path: notice(path) for path in CALLS}
    | {
        path: f"<html lang=en><title>{title}</title><h1>{title}</h1><p>{body}</p></html>"
        for path, (title, body) in OTHERS.items()
    },
    calls={path: Call(title, deadline) for path, (title, deadline, _) in CALLS.items()},
)
