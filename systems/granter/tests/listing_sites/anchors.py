# ruff: noqa: E501  (lines as long as the makers of such sites write them)
"""All calls on one page, reached by a table of contents that links to anchors."""

from listing_sites.listing_site import Call, ListingSite

CALLS = {
    "call-11": ("Small boats, clean engines", "2027-03-31", "31 March 2027", "€4,000"),
    "call-12": ("Winter lights", "2027-10-15", "15 October 2027", "€1,200"),
    "call-13": ("Village archives go online", "2027-05-01", "1 May 2027", "€9,000"),
    "call-14": ("Sports for all ages", None, "open all year round", "€600"),
}

CONTENTS = "".join(f'<li><a href="#{anchor}">{title}</a></li>' for anchor, (title, _, _, _) in CALLS.items())
SECTIONS = "".join(
    f"""<h2 id="{anchor}">{title}</h2><dl><dt>Deadline</dt><dd>{until}</dd><dt>Grant</dt><dd>up to {amount}</dd>
<dt>Who may apply</dt><dd>Clubs and societies in the county</dd></dl><p>Please send us the form by post. <a href="#top">Back to top</a></p>"""
    for anchor, (title, _, until, amount) in CALLS.items()
)
PAGE = f"""<!doctype html><html lang="en"><head><title>What we fund – Skerry County Council</title></head><body id="top">
<header><a href="/">Skerry County Council</a><a href="#main">Skip to main content</a></header><nav><a href="/council/meetings">Council meetings</a><a href="/waste">Waste and recycling</a></nav>
<main id="main"><h1>What we fund in 2027</h1><p>Skerry County Council supports what makes the islands a good place to live.</p><ul class="toc">{CONTENTS}</ul>{SECTIONS}
<h2 id="questions">Questions</h2><p>Call us on weekdays from 9 to 12.</p></main><footer><a href="/privacy">Privacy statement</a></footer></body></html>"""

SITE = ListingSite(
    start="/what-we-fund",
    pages={
        "/what-we-fund": PAGE,
        "/council/meetings": "<html lang=en><h1>Council meetings</h1><p>The next one is on 3 May 2027.</p></html>",
        "/waste": "<html lang=en><h1>Waste and recycling</h1><p>A bin costs €60 a year.</p></html>",
    },
    calls={f"/what-we-fund#{anchor}": Call(title, deadline) for anchor, (title, deadline, _, _) in CALLS.items()},
)
