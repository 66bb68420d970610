# ruff: noqa: E501  (lines as long as the makers of such sites write them)
"""A Dutch fund: microdata articles, "Meer regelingen" by offset, trackers in links, closed calls among open ones."""

from listing_sites.listing_site import Call, ListingSite

CALLS = {
    "regeling-buurtmusea": ("Regeling Buurtmusea", "2027-03-02", "2 maart 2027 om 17.00 uur", "€ 12.500"),
    "talentbeurs-dans": ("Talentbeurs Dans", "2027-04-13", "13 april 2027", "€ 7.000"),
    "groene-schoolpleinen": ("Groene schoolpleinen", None, "doorlopend", "€ 4.000"),
    "erfgoed-op-het-water": ("Erfgoed op het water", "2026-09-01", "1 september 2026", "€ 20.000"),
    "jonge-makers": ("Jonge makers: eerste film", "2027-06-08", "8 juni 2027", "€ 30.000"),
    "vrijwilligers-in-de-zorg": ("Vrijwilligers in de zorg", "2027-10-05", "5 oktober 2027", "€ 2.250"),
    "taalmaatjes": ("Taalmaatjes", "2027-11-30", "30 november 2027", "€ 1.500"),
}
PER_PAGE = 3


def page(title: str, body: str) -> str:
    return f"""<!doctype html><html lang="nl-NL"><head><meta charset="utf-8"><title>{title} - Noorderfonds</title><meta property="og:site_name" content="Noorderfonds"></head><body>
<a class="sr-only" href="#inhoud">Naar de inhoud</a><div class="kop"><a href="/"><svg></svg><span class="sr-only">Noorderfonds, naar de voorpagina</span></a><button>Menu</button><div class="kop-links"><a href="/over-het-fonds">Over het fonds</a><a href="/regelingen">Regelingen</a><a href="/verhalen">Verhalen van makers</a><a href="/contact">Contact</a><a href="/en">English</a></div></div>
<div id="inhoud">{body}</div><div class="voet"><ul><li><a href="/privacyverklaring">Privacyverklaring van het fonds</a></li><li><a href="/toegankelijkheid">Toegankelijkheid</a></li><li><a href="/klachten">Klachten en bezwaren indienen</a></li><li><a href="https://social.example/noorderfonds">Volg het fonds op Mastodon</a></li></ul></div></body></html>"""


def listing(offset: int) -> str:
    slugs = list(CALLS)[offset : offset + PER_PAGE]
    items = "".join(
        f"""<div itemscope itemtype="https://schema.org/Article" class="tegel tegel--{at}"><a class="tegel__vlak" href="/regelingen/{slug}?ref=overzicht&amp;utm_campaign=lijst"><h3 itemprop="headline" class="tegel__kop">{CALLS[slug][0]}</h3><p class="tegel__status">{"Gesloten" if CALLS[slug][1] and CALLS[slug][1] < "2026-11-01" else "Open"}</p></a><a class="tegel__thema" href="/regelingen?thema={at}">Thema {at}: alle regelingen over dit thema</a></div>"""
        for at, slug in enumerate(slugs, offset)
    )
    on = (
        f'<p class="midden"><a class="knop" href="/regelingen?vanaf={offset + PER_PAGE}">Meer regelingen</a></p>'
        if offset + PER_PAGE < len(CALLS)
        else ""
    )
    return page("Regelingen", f"<h1>Onze regelingen</h1>{items}{on}")


def regeling(slug: str) -> str:
    title, _, until, amount = CALLS[slug]
    return page(
        title,
        f"""<h1>{title}</h1><p class="intro">Het Noorderfonds ondersteunt makers en verenigingen in het noorden met maximaal {amount}.</p><ul class="feiten"><li><strong>Sluit op</strong> {until}</li><li><strong>Bedrag</strong> maximaal {amount}</li></ul><p>Laatst bijgewerkt op 3 november 2026.</p>
<div class="anderen"><h2>Andere regelingen</h2><a href="/regelingen/taalmaatjes">Taalmaatjes</a></div>""",
    )


def other(title: str, body: str) -> str:
    return page(title, f"<h1>{title}</h1><p>{body}</p>")


SITE = ListingSite(
    start="/regelingen",
    pages={"/regelingen": listing(0), "/regelingen?vanaf=3": listing(3), "/regelingen?vanaf=6": listing(6)}
    | {f"/regelingen?thema={at}": listing(0) for at in range(7)}
    | {f"/regelingen/{slug}?ref=overzicht": regeling(slug) for slug in CALLS}
    | {f"/regelingen/{slug}": regeling(slug) for slug in CALLS}
    | {
        "/over-het-fonds": other("Over het fonds", "Sinds 1994 gaf het fonds € 90 miljoen."),
        "/verhalen": other("Verhalen", "Lees wat makers doen."),
        "/klachten": other("Klachten", "Dien een klacht in voor 31 december 2027."),
    },
    calls={
        f"/regelingen/{slug}?ref=overzicht": Call(title, deadline) for slug, (title, deadline, _, _) in CALLS.items()
    },
)
