# ruff: noqa: E501  (lines as long as the makers of such sites write them)
"""A Drupal view: teasers with fields in divs, a mini pager that counts from 0 with a comma, tabs, a tag cloud, sticky items."""

from listing_sites.listing_site import Call, ListingSite

CALLS = {
    "/node/4410": ("Clean cooking accelerator", "2027-02-22", "22 February 2027 - 23:59", "USD 100,000"),
    "/node/4417": ("Women in climate negotiations: travel fund", "2027-03-05", "5 March 2027 - 12:00", "USD 4,000"),
    "/node/4421": ("Mini-grids results-based financing", "2027-05-28", "28 May 2027 - 17:00", "USD 750,000"),
    "/opportunity/e-waste-innovation-prize": (
        "E-waste Innovation Prize",
        "2027-06-14",
        "14 June 2027 - 17:00",
        "USD 25,000",
    ),
    "/node/4433": ("City air sensors small projects facility", "2027-07-02", "2 July 2027 - 17:00", "USD 15,000"),
    "/node/4440": ("Local-language radio on floods", "2027-08-19", "19 August 2027 - 17:00", "USD 8,000"),
    "/node/4441": ("Drought early warning fellowships", "2027-09-24", "24 September 2027 - 17:00", "USD 32,000"),
}


def page(title: str, body: str) -> str:
    return f"""<!DOCTYPE html><html lang="en" dir="ltr" prefix="og: https://ogp.me/ns#"><head><meta charset="utf-8" /><title>{title} | Global Resilience Facility</title></head><body class="path-opportunities page-view"><a href="#main-content" class="visually-hidden focusable">Skip to main content</a>
<div class="dialog-off-canvas-main-canvas"><div class="region region-header"><div class="block block-system"><a href="/" rel="home"><img src="/logo.png" alt="Home"></a></div><div class="block block-superfish"><ul class="sf-menu"><li><a href="/what-we-do">What we do and where</a></li><li><a href="/opportunities">Opportunities</a></li><li><a href="/impact-stories">Stories of impact from the field</a></li><li><a href="/knowledge/library">Knowledge library and data</a></li></ul></div></div>
<div class="region region-content"><div id="main-content"></div>{body}</div>
<div class="region region-sidebar-second"><div class="block"><h2>Topics</h2><div class="tagcloud"><a href="/topics/water">Water and sanitation</a> <a href="/topics/energy">Energy for all people</a> <a href="/topics/health">Health in a warmer world</a></div></div></div>
<div class="region region-footer"><a href="/user/login">Staff log in</a> <a href="/fraud-hotline">Report fraud or misconduct</a> <a href="/procurement">Tenders and procurement notices</a></div></div></body></html>"""


def teaser(path: str, promoted: bool) -> str:
    title, _, until, _ = CALLS[path]
    link = f'<span class="field field--name-title"><a href="{path}" hreflang="en">{title}</a></span>'
    facts = f'<div class="field--name-field-deadline"><div class="field__label">Application deadline</div><div class="field__item">{until}</div></div><div class="field--name-field-topic"><a href="/topics/energy" hreflang="en">Energy</a></div>'
    if promoted:
        return f'<div class="promoted-item"><div class="ribbon">New</div><h2>{link}</h2>{facts}</div>'
    return f'<div class="views-row"><article role="article" class="node node--type-opportunity node--view-mode-teaser"><h3>{link}</h3><div class="node__content">{facts}</div></article></div>'


def listing(number: int) -> str:
    paths = list(CALLS)[number * 3 : number * 3 + 3]
    rows = "".join(teaser(path, promoted=number == 0 and at == 0) for at, path in enumerate(paths))
    back = (
        f'<li class="pager__item pager__item--previous"><a href="?page=%2C{number - 1}" title="Go to previous page" rel="prev"><span aria-hidden="true">‹‹</span></a></li>'
        if number
        else ""
    )
    on = (
        f'<li class="pager__item pager__item--next"><a href="?page=%2C{number + 1}" title="Go to next page"><span class="visually-hidden">Next page</span><span aria-hidden="true">››</span></a></li>'
        if number < 2
        else ""
    )
    return page(
        "Opportunities",
        f'<h1>Opportunities</h1><ul class="tabs"><li><a href="/opportunities">Open now</a></li><li><a href="/opportunities/closed">Closed and decided</a></li></ul><div class="view view-opportunities">{rows}</div><nav class="pager" role="navigation"><ul class="pager__items">{back}<li>Page {number + 1}</li>{on}</ul></nav>',
    )


def node(path: str) -> str:
    title, _, until, amount = CALLS[path]
    return page(
        title,
        f"""<h1>{title}</h1><article class="node node--type-opportunity"><div class="field"><div class="field__label">Application deadline</div><div class="field__item">{until}</div></div><div class="field"><div class="field__label">Funding available per grantee</div><div class="field__item">Up to {amount}</div></div><div class="field"><div class="field__label">Published</div><div class="field__item">2 November 2026</div></div><div class="body"><p>The Global Resilience Facility seeks organizations that know their place.</p></div></article>""",
    )


def other(title: str, body: str) -> str:
    return page(title, f"<h1>{title}</h1><p>{body}</p>")


SITE = ListingSite(
    start="/opportunities",
    pages={
        "/opportunities": listing(0),
        "/opportunities?page=%2C0": listing(0),
        "/opportunities?page=%2C1": listing(1),
        "/opportunities?page=%2C2": listing(2),
    }
    | {path: node(path) for path in CALLS}
    | {
        "/opportunities/closed": listing(0),
        "/what-we-do": other("What we do", "We work in 40 countries with USD 2 billion."),
        "/procurement": other("Tenders", "Bids for office chairs are due by 3 May 2027."),
        "/topics/energy": other("Energy", "Energy is for all."),
        "/topics/water": other("Water", "Water is for all."),
    },
    calls={path: Call(title, deadline) for path, (title, deadline, _, _) in CALLS.items()},
)
