# ruff: noqa: E501  (lines as long as the makers of such sites write them)
"""A government grant finder: summary lists in the results, tabs on the notices, a form of filters."""

from listing_sites.listing_site import Call, ListingSite

CALLS = {
    "flood-resilient-neighbourhoods-1": (
        "Flood resilient neighbourhoods",
        "2027-06-30",
        "30 June 2027, 11:59pm",
        "From £5,000 to £50,000",
    ),
    "active-travel-to-hospital-1": (
        "Active Travel to Hospital",
        "2027-02-12",
        "12 February 2027, 5:00pm",
        "Up to £250,000",
    ),
    "rural-broadband-vouchers-2": (
        "Rural Broadband Vouchers (round 2)",
        "2027-03-31",
        "31 March 2027, Midday",
        "£4,500",
    ),
    "peatland-discovery-1": (
        "Peatland Discovery Grant",
        "2027-09-17",
        "17 September 2027, 11:59pm",
        "From £10,000 to £120,000",
    ),
    "shared-prosperity-museums-1": ("Shared museums", "2027-04-09", "9 April 2027, 12:00pm", "Up to £75,000"),
    "hydrogen-skills-1": (
        "Hydrogen skills bootcamps",
        "2027-11-01",
        "1 November 2027, 11:59pm",
        "From £20,000 to £300,000",
    ),
}


def page(title: str, body: str) -> str:
    return f"""<!DOCTYPE html><html lang="en" class="govuk-template"><head><meta charset="utf-8"><title>{title} - Find a fund</title></head><body class="govuk-template__body">
<div class="govuk-cookie-banner"><h2>Cookies on Find a fund</h2><p>We use some essential cookies. <a class="govuk-link" href="/info/cookies">View cookies and settings</a></p></div><a href="#main-content" class="govuk-skip-link">Skip to main content</a>
<header role="banner"><a href="/">Find a fund</a><nav><ul><li><a href="/">Home</a></li><li><a href="/grants">Browse all of the grants</a></li><li><a href="/info/about-us">About us and this service</a></li></ul></nav></header>
<div class="govuk-phase-banner"><strong>Beta</strong> This is a new service – your <a href="/feedback">feedback will help us to improve it</a>.</div>{body}
<footer class="govuk-footer"><ul><li><a href="/info/privacy">Privacy notice</a></li><li><a href="/info/accessibility">Accessibility statement</a></li><li><a href="/info/terms-and-conditions">Terms and conditions</a></li></ul>All content is available under a licence</footer></body></html>"""


def row(key: str, value: str) -> str:
    return f'<div class="govuk-summary-list__row"><dt class="govuk-summary-list__key">{key}</dt><dd class="govuk-summary-list__value">{value}</dd></div>'


def facts(slug: str) -> str:
    _, _, until, amount = CALLS[slug]
    return "".join(
        [
            row("Location", "England"),
            row("Funding organisation", "Department for Places"),
            row("Who can apply", "Local authority, Non-profit"),
            row("How much you can get", amount),
            row("Total size of grant scheme", "£9 million"),
            row("Opening date", "3 November 2026, 12:01am"),
            row("Closing date", until),
        ]
    )


def listing(number: int) -> str:
    slugs = list(CALLS)[(number - 1) * 2 : number * 2]
    items = "".join(
        f"""<li class="grants_list__item"><h2 class="govuk-heading-m"><a class="govuk-link" href="/grants/{slug}">{CALLS[slug][0]}</a></h2><p class="govuk-body">Money for those who plan ahead.</p><dl class="govuk-summary-list">{facts(slug)}</dl></li>"""
        for slug in slugs
    )
    numbers = "".join(
        f"""<li><a class="govuk-pagination__link" href="/grants?searchTerm=&amp;skip={(n - 1) * 2}&amp;limit=2&amp;page={n}" aria-label="Page {n} of 3">{n}</a></li>"""
        for n in (1, 2, 3)
    )
    on = (
        f"""<a class="govuk-link" href="/grants?searchTerm=&amp;skip={number * 2}&amp;limit=2&amp;page={number + 1}" rel="next">Next <span class="govuk-visually-hidden">set of pages</span></a>"""
        if number < 3
        else ""
    )
    return page(
        "Search grants",
        f"""<main id="main-content"><h1>Search grants</h1><form action="/grants"><fieldset><legend>Who can apply</legend><label><input type=checkbox name=who value=1> Personal or individual</label></fieldset><button>Apply filter</button><a href="/grants">Clear all filters now</a></form>
<p><a href="/newsletter">Sign up for updates by email</a> <a href="/notifications/manage">Manage notifications and saved searches</a></p><p>We've found 6 grants</p><ul class="grants_list">{items}</ul><nav class="govuk-pagination" aria-label="results"><ul>{numbers}</ul>{on}</nav></main>""",
    )


def detail(slug: str) -> str:
    return page(
        CALLS[slug][0],
        f"""<a href="/grants" class="govuk-back-link">Back to the search results</a><main id="main-content"><h1 class="govuk-heading-l">{CALLS[slug][0]}</h1><dl class="govuk-summary-list">{facts(slug)}</dl>
<a class="govuk-button" href="/apply/{slug}">Start new application</a><div class="govuk-tabs"><h2>Contents</h2><ul><li><a href="#summary">Summary of it</a></li><li><a href="#eligibility">Eligibility rules</a></li><li><a href="#dates">Dates to know</a></li></ul>
<section id="summary"><p>This fund is for places that want to be ready.</p></section><section id="eligibility"><h2>Eligibility</h2><p>You must have an annual income of less than £1 million.</p></section><section id="dates"><h2>Dates</h2><p>Decisions are made by 1 December 2027.</p></section></div>
<p><a href="/subscriptions/{slug}">Sign up for updates about this grant</a></p></main>""",
    )


def other(title: str, body: str) -> str:
    return page(title, f"<main><h1>{title}</h1><p>{body}</p></main>")


SITE = ListingSite(
    start="/grants",
    pages={"/grants": listing(1)}
    | {f"/grants?searchTerm=&skip={(n - 1) * 2}&limit=2&page={n}": listing(n) for n in (1, 2, 3)}
    | {f"/grants/{slug}": detail(slug) for slug in CALLS}
    | {f"/apply/{slug}": other("Sign in", "Sign in to apply.") for slug in CALLS}
    | {
        "/info/about-us": other("About us", "Find a fund shows grants of the Department for Places worth £2 billion."),
        "/info/cookies": other("Cookies", "We keep them until 1 May 2027."),
        "/newsletter": other("Newsletter", "Sign up."),
        "/notifications/manage": other("Manage notifications", "Sign in."),
        "/feedback": other("Feedback", "Write to us."),
    },
    calls={f"/grants/{slug}": Call(title, deadline) for slug, (title, deadline, _, _) in CALLS.items()},
)
