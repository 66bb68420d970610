# ruff: noqa: E501  (lines as long as the makers of such sites write them)
"""A small charity: one page of foldable sections, one for each grant; no links lead to them, but each has an anchor."""

from listing_sites.listing_site import Call, ListingSite

CALLS = {
    "garden": ("School garden grants", "2027-03-12", "Friday 12th March 2027", "£350"),
    "coach": ("Coach hire for day trips", None, "You can ask us for this at any time", "£200"),
    "piano": ("A piano for every hall", "2027-06-01", "1st June 2027", "£1,500"),
}
FOLDS = "".join(
    f"""<details class="fold" id="{name}"><summary>{title}</summary><p>We pay up to {amount}.</p><p>{"Apply by " + until if deadline else until}.</p><p>See <a href="/forms/form-{name}.doc">the form</a> or <a href="mailto:hello@charity.example">write to us</a>.</p></details>"""
    for name, (title, deadline, until, amount) in CALLS.items()
)
PAGE = f"""<!doctype html><html lang="en-GB"><head><title>Grants - The Haywain Trust</title></head><body><div class="bar"><a href="/">The Haywain Trust</a> <a href="/trustees">Our trustees and patron</a> <a href="/grants">Grants</a> <a href="/visit">Visit the old mill</a></div>
<div class="page"><h1>Grants</h1><p>The Haywain Trust gives small grants to schools and village halls in the valley.</p>{FOLDS}<h2 id="who">Who we are</h2><p>Five volunteers. Read about <a href="/visit">the old mill</a>.</p></div><div class="end"><a href="/safeguarding">Safeguarding of children and adults</a></div></body></html>"""

SITE = ListingSite(
    start="/grants",
    pages={
        "/grants": PAGE,
        "/trustees": "<html lang=en><h1>Our trustees</h1><p>Since 2 May 2019.</p></html>",
        "/visit": "<html lang=en><h1>Visit the old mill</h1><p>Open until 31 October 2027; £3 a head.</p></html>",
        "/safeguarding": "<html lang=en><h1>Safeguarding</h1><p>Write to us.</p></html>",
    },
    calls={f"/grants#{name}": Call(title, deadline) for name, (title, deadline, _, _) in CALLS.items()},
)
