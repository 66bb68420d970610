# ruff: noqa: E501  (lines as long as the makers of such sites write them)
"""A site that disallows half of its paths in robots.txt, has a crawl delay, and lists mostly PDFs."""

from granter_fake_site import Reply

from listing_sites.listing_site import Call, ListingSite

OPEN = {
    "wet-woods": ("Wet woods programme", "2027-04-04", "4 April 2027"),
    "harbour-seals": ("Harbour seals monitoring", "2027-05-09", "9 May 2027"),
    "stone-walls": ("Dry stone walls", "2027-06-13", "13 June 2027"),
}
CLOSED = ["inner-circle", "members-only"]
PAPERS = ["guidance-notes-2027", "application-form-b", "annual-accounts"]

LINKS = "".join(
    [f"<p><a href='/schemes/{slug}'>{OPEN[slug][0]}</a> – for land owners</p>" for slug in OPEN]
    + [f"<p><a href='/private/{slug}'>The {slug} scheme of the trust</a></p>" for slug in CLOSED]
    + [
        f"<p><a href='/files/{paper}.pdf'>{paper.replace('-', ' ').capitalize()} (PDF, 2 MB)</a></p>"
        for paper in PAPERS
    ]
)


def notice(slug: str) -> str:
    title, _, day = OPEN[slug]
    return f"<html lang=en><title>{title}</title><h1>{title}</h1><p>Offered by the Fell Trust.</p><p>Closing date for applications: {day}. Awards are normally £2,000 to £6,000.</p></html>"


SITE = ListingSite(
    start="/schemes",
    pages={
        "/robots.txt": "User-agent: BadBot\nDisallow: /\n\nUser-agent: *\nAllow: /schemes\nDisallow: /private/\nCrawl-delay: 0.05\n\nSitemap: /sitemap.xml\n",
        "/schemes": f"<html lang=en><title>Schemes</title><body><div id=nav><a href=/>Fell Trust</a> <a href='/private/login'>Log in to your area</a></div><div id=text><h1>Our schemes</h1>{LINKS}</div></body></html>",
    }
    | {f"/schemes/{slug}": notice(slug) for slug in OPEN}
    | {f"/private/{slug}": notice("wet-woods") for slug in CLOSED}
    | {f"/files/{paper}.pdf": Reply(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", "application/pdf") for paper in PAPERS},
    calls={f"/schemes/{slug}": Call(title, deadline) for slug, (title, deadline, _) in OPEN.items()},
)
