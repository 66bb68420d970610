# ruff: noqa: E501  (lines as long as the makers of such sites write them)
"""An RSS feed in two pages, linked by rel=next; the notices are web pages."""

from granter_fake_site import Reply

from listing_sites.listing_site import Call, ListingSite

CALLS = {
    "sea-grass": ("Sea-grass meadows: restoration awards", "2027-02-28", "Submissions close on 28 February 2027."),
    "puppet-theatre": ("Puppet theatre on tour", "2027-03-14", "The last day to apply is Sunday 14 March 2027."),
    "sign-language": ("Sign language courses for families", "2027-04-30", "Apply by 30/04/2027."),
    "open-hardware": ("Open hardware fellowships", "2027-05-05", "Deadline: 5 May 2027, 23:59 AoE"),
    "allotments": ("Allotments & orchards small grants", None, "There is no deadline: we decide every month."),
}


def item(slug: str) -> str:
    title, _, until = CALLS[slug]
    return f"""<item><title>{title.replace("&", "&amp;")}</title><link>https://HOST/opportunities/{slug}?utm_source=rss&amp;utm_medium=feed</link>
<guid isPermaLink="false">opp-{slug}</guid><pubDate>Mon, 02 Nov 2026 09:00:00 +0000</pubDate><category>funding</category>
<description><![CDATA[<p>{until} <a href="https://HOST/about">About us</a></p>]]></description></item>"""


def feed(slugs: list[str], after: str) -> Reply:
    items = "".join(map(item, slugs)).replace("https://HOST", "")
    return Reply(
        f"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Tern Trust: opportunities</title><link>/</link><description>All opportunities of the Tern Trust</description>
<atom:link href="/feed.xml" rel="self" type="application/rss+xml"/>{after}{items}</channel></rss>""",
        "application/rss+xml; charset=UTF-8",
    )


def notice(slug: str) -> str:
    title, _, until = CALLS[slug]
    title = title.replace("&", "&amp;")
    return f"""<!doctype html><html lang="en-GB"><head><title>{title} | Tern Trust</title></head><body><nav><a href="/">Home</a><a href="/about">About the trust</a></nav>
<main><h1>{title}</h1><p class=lead>The Tern Trust offers grants of between £1,000 and £5,000.</p><p>{until}</p></main><footer><a href="/feed.xml">RSS</a></footer></body></html>"""


SLUGS = list(CALLS)
SITE = ListingSite(
    start="/feed.xml",
    pages={
        "/feed.xml": feed(SLUGS[:3], "<atom:link rel='next' href='/feed.xml?paged=2'/>"),
        "/feed.xml?paged=2": feed(SLUGS[3:], ""),
        "/about": "<html lang=en><h1>About the trust</h1><p>The Tern Trust gave £3 million in 2026.</p></html>",
        "/": "<html lang=en><h1>Tern Trust</h1><p>We give grants.</p></html>",
    }
    | {f"/opportunities/{slug}?utm_source=rss&utm_medium=feed": notice(slug) for slug in SLUGS}
    | {f"/opportunities/{slug}": notice(slug) for slug in SLUGS},
    calls={f"/opportunities/{slug}": Call(title, deadline) for slug, (title, deadline, _) in CALLS.items()},
)
