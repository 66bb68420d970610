# ruff: noqa: E501  (lines as long as the makers of such sites write them)
"""A research council's CMS: one script for all pages, an accordion of open calls, the older ones behind "Show older"."""

from listing_sites.listing_site import Call, ListingSite

CALLS = {
    311: ("Doctoral networks in soil physics", "2027-01-29", "Friday, 29 January 2027 (14.00 CET)", "SEK 2 400 000"),
    312: ("Starting grants: humanities", "2027-03-11", "Thursday, 11 March 2027 (14.00 CET)", "SEK 1 500 000"),
    315: (
        "Visiting researchers from Ukraine",
        None,
        "Open until further notice, applications are considered continuously",
        "SEK 300 000",
    ),
    318: ("Graphic methods for shared data", "2027-04-08", "Thursday, 8 April 2027 (14.00 CET)", "SEK 800 000"),
    322: ("Infrastructure: planning money", "2027-06-03", "Thursday, 3 June 2027 (14.00 CET)", "SEK 5 000 000"),
}


def page(title: str, body: str) -> str:
    return f"""<!DOCTYPE html><html lang="en-SE"><head><title>{title} | The Northern Research Council</title><meta charset="utf-8"></head><body class="cms-page">
<div class="header-wrapper"><div class="logo"><a href="/index.php?id=1">The Northern Research Council</a></div><ul class="mainmenu"><li><a href="/index.php?id=2">Applying for money from us</a></li><li><a href="/index.php?id=3">What we have paid for so far</a></li><li><a href="/index.php?id=4">Research policy and analysis</a></li><li><a href="/index.php?id=5">Who works at the council</a></li></ul></div>
<div class="content-wrapper">{body}</div>
<div class="bottom-wrapper"><div class="col"><a href="/index.php?id=90">Processing of personal data</a><a href="/index.php?id=91">Whistleblowing and complaints</a><a href="/index.php?id=92">Procurement by the council</a></div></div></body></html>"""


def entry(number: int) -> str:
    title, _, until, _ = CALLS[number]
    return f"""<div class="accordion-item"><button aria-expanded="false">{title}</button><div class="panel"><p>Closes: {until}.</p><p><a href="/index.php?id=21&amp;call={number}">Read the whole call text</a></p></div></div>"""


def listing(numbers: list[int], older: str) -> str:
    return page(
        "Open calls",
        f"<h1>Open calls</h1><p>Below are our calls. <a href='/index.php?id=2'>How an application is assessed</a></p>{''.join(map(entry, numbers))}{older}",
    )


def call(number: int) -> str:
    title, _, until, amount = CALLS[number]
    return page(
        title,
        f"""<p class="path">You are here: <a href="/index.php?id=1">Start</a> / <a href="/index.php?id=21">Open calls</a></p><h1>{title}</h1><table><tr><td>Closes</td><td>{until}</td></tr><tr><td>Amount</td><td>at most {amount} a year</td></tr><tr><td>Decision</td><td>expected by 15 December 2027</td></tr></table>
<p>The Northern Research Council invites researchers who have a doctoral degree.</p>""",
    )


def other(title: str, body: str) -> str:
    return page(title, f"<h1>{title}</h1><p>{body}</p>")


OLDER = '<p><a class="more-link" href="/index.php?id=21&amp;offset=3">Show older calls</a></p>'
SITE = ListingSite(
    start="/index.php?id=21",
    pages={
        "/index.php?id=21": listing([311, 312, 315], OLDER),
        "/index.php?id=21&offset=3": listing([318, 322], ""),
        "/index.php?id=1": other("The Northern Research Council", "We pay for research."),
        "/index.php?id=2": other(
            "Applying for money from us", "Applications are assessed by 20 panels before 1 June 2027."
        ),
        "/index.php?id=3": other(
            "What we have paid for so far", "In 2025 the council paid SEK 7 billion to 1 200 projects."
        ),
        "/index.php?id=4": other("Research policy and analysis", "A report comes on 4 May 2027."),
        "/index.php?id=5": other("Who works at the council", "We are 220 people."),
        "/index.php?id=90": other("Processing of personal data", "We delete data by 31 December."),
    }
    | {f"/index.php?id=21&call={number}": call(number) for number in CALLS},
    calls={
        f"/index.php?id=21&call={number}": Call(title, deadline) for number, (title, deadline, _, _) in CALLS.items()
    },
)
