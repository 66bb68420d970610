# ruff: noqa: E501  (lines as long as the makers of such sites write them)
"""Cards and a "load more" whose next page has a cursor; filters multiply the same list."""

from listing_sites.listing_site import Call, ListingSite

DAYS = [
    "12 Jan 2027",
    "3 Feb 2027",
    "30 Mar 2027",
    "4 Apr 2027",
    "15 May 2027",
    "8 Jun 2027",
    "21 Jul 2027",
    "2 Aug 2027",
]
ISO = ["2027-01-12", "2027-02-03", "2027-03-30", "2027-04-04", "2027-05-15", "2027-06-08", "2027-07-21", "2027-08-02"]
NAMES = [
    "Ocean Sensors Challenge",
    "Indie Games Jumpstart",
    "Solar Schools Sprint",
    "Refugee Founders Award",
    "AI for Small Languages",
    "Zero Waste Kitchens",
    "Comics Against Bullying",
    "Cargo Bikes Pilot",
]
CURSORS = ["", "eyJhZnRlciI6Mn0=", "eyJhZnRlciI6NH0=", "eyJhZnRlciI6Nn0="]

THEMES = "".join(
    f"<a class='chip' href='/opportunities?theme={theme}'>{theme.title()} and more</a>"
    for theme in ("climate", "culture", "education", "inclusion")
)


def page(title: str, body: str) -> str:
    return f"""<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title></head><body><div class="topbar"><a href="/">Kindle Prize Network</a><a href="/login">Log in</a><a href="/signup">Create your account</a></div>{body}
<div class="bottom"><a href="/terms">Terms of service</a><a href="/careers">Work with us: careers</a><a href="/status">System status page</a></div></body></html>"""


def listing(at: int) -> str:
    cards = "".join(
        f"""<a class="card" href="/o/{number:04}"><img src="/c/{number}.png" alt=""><div class="card-title">{NAMES[number]}</div><div class="card-text">Closes {DAYS[number]} · $10K – $25K</div></a>"""
        for number in (at * 2, at * 2 + 1)
    )
    more = (
        f"""<div class="more"><a class="button" rel="nofollow" href="/opportunities?cursor={CURSORS[at + 1].replace("=", "%3D")}">Load more opportunities</a></div>"""
        if at + 1 < len(CURSORS)
        else ""
    )
    return page("Opportunities", f"<div class=filters>{THEMES}</div><div class=cards>{cards}</div>{more}")


def detail(number: int) -> str:
    return page(
        NAMES[number],
        f"""<h1>{NAMES[number]}</h1><div class="facts"><div><span>Award</span><span>$10K – $25K</span></div><div><span>Closes</span><span>{DAYS[number]} 11:59 PM EST</span></div><div><span>Sponsor</span><span>Kindle Prize Network</span></div></div>
<p>Tell us what you would do.</p><h3>You may also like</h3><a class="card" href="/o/{(number + 1) % 8:04}"><div>{NAMES[(number + 1) % 8]}</div></a>""",
    )


SITE = ListingSite(
    start="/opportunities",
    pages={"/opportunities": listing(0)}
    | {f"/opportunities?cursor={CURSORS[at].replace('=', '%3D')}": listing(at) for at in (1, 2, 3)}
    | {f"/opportunities?theme={theme}": listing(0) for theme in ("climate", "culture", "education", "inclusion")}
    | {f"/o/{number:04}": detail(number) for number in range(8)}
    | {
        "/terms": page(
            "Terms", "<h1>Terms of service</h1><p>Effective from 1 May 2026. Liability is limited to $100.</p>"
        ),
        "/careers": page("Careers", "<h1>Careers</h1><p>Grants officer, $70,000. Apply by 1 March 2027.</p>"),
    },
    calls={f"/o/{number:04}": Call(NAMES[number], ISO[number]) for number in range(8)},
)
