# ruff: noqa: E501  (lines as long as the makers of such sites write them)
"""A university's research office: nested lists by field, months as headings, links in running text, an archive."""

from listing_sites.listing_site import Call, ListingSite

CALLS = {
    "life/marine-genomics.shtml": (
        "Marine Genomics Seed Grants",
        "2027-02-05",
        "5:00 pm local time on February 5, 2027",
        "$50,000",
    ),
    "life/plant-imaging.shtml": ("Plant Imaging Core Vouchers", None, "rolling basis", "$3,500"),
    "arts/translation-week.shtml": ("Translation Week Fellowships", "2027-03-19", "March 19, 2027", "$6,000"),
    "arts/archive-dust.shtml": ("Dust: Archive Access Awards", "2027-04-02", "04/02/2027", "$1,200"),
    "eng/quiet-rotors.shtml": ("Quiet Rotors Pilot Program", "2027-05-14", "May 14, 2027", "$120,000"),
    "eng/salt-batteries.shtml": ("Salt Batteries Bridge Funding", "2027-06-25", "Friday, June 25, 2027", "$75,000"),
}
FIELDS = {"life": "Life sciences", "arts": "Arts and letters", "eng": "Engineering"}


def page(title: str, body: str) -> str:
    return f"""<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd"><html xmlns="http://www.w3.org/1999/xhtml" lang="en"><head><title>{title} | Office of Research | Tamarack State University</title></head><body>
<div id="utility"><a href="http://www.tamarack.example/">Tamarack State University</a> | <a href="/research/people.shtml">Directory of people</a> | <a href="/research/map.shtml">Campus map and parking</a></div>
<div id="left"><h3>Office of Research</h3><ul><li><a href="/research/index.shtml">Office of Research</a></li><li><a href="/research/compliance.shtml">Compliance and ethics review</a></li><li><a href="/research/training.shtml">Training for principal investigators</a></li><li><a href="/research/funding/">Internal funding</a><ul><li><a href="/research/funding/archive.shtml">Previously funded projects</a></li></ul></li></ul></div>
<div id="main">{body}</div><div id="legal"><a href="/eeo.shtml">Equal opportunity employer</a> &middot; <a href="/research/webmaster.shtml">Webmaster of this site</a></div></body></html>"""


def listing() -> str:
    fields = "".join(
        f"<li><strong>{name}</strong><ul>{''.join(f'<li>The <a href={chr(34)}{path}{chr(34)}>{CALLS[path][0]}</a> help you begin.</li>' for path in CALLS if path.startswith(key))}</ul></li>"
        for key, name in FIELDS.items()
    )
    return page(
        "Internal funding",
        f"<h1>Internal funding</h1><p>Before you apply, see our <a href='/research/training.shtml'>training</a> and read the <a href='/research/funding/rules.shtml'>rules for all programs</a>.</p><ul>{fields}</ul>",
    )


def program(path: str) -> str:
    title, _, until, amount = CALLS[path]
    return page(
        title,
        f"""<h1>{title}</h1><p><em>Sponsor: Tamarack State University Office of Research</em></p><p>Faculty may request up to {amount}.</p><p>Applications are {"accepted on a " if until == "rolling basis" else "due by "}{until}.</p><p>Questions? Call 555-0142.</p>""",
    )


def other(title: str, body: str) -> str:
    return page(title, f"<h1>{title}</h1><p>{body}</p>")


SITE = ListingSite(
    start="/research/funding/",
    pages={"/research/funding/": listing()}
    | {f"/research/funding/{path}": program(path) for path in CALLS}
    | {
        "/research/funding/rules.shtml": other("Rules for all programs", "Money must be spent within 12 months."),
        "/research/funding/archive.shtml": other(
            "Previously funded projects", "In 2026 we gave $900,000 to 31 projects."
        ),
        "/research/compliance.shtml": other("Compliance", "Submit protocols by the first of each month."),
        "/research/training.shtml": other("Training", "The next session is on January 12, 2027."),
        "/research/people.shtml": other("Directory", "Pat Moss, grants officer."),
    },
    calls={f"/research/funding/{path}": Call(title, deadline) for path, (title, deadline, _, _) in CALLS.items()},
)
