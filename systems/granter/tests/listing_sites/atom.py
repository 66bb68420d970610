# ruff: noqa: E501  (lines as long as the makers of such sites write them)
"""An Atom feed in French, whose links are relative to an xml:base."""

from granter_fake_site import Reply

from listing_sites.listing_site import Call, ListingSite

CALLS = {
    "12-jardins-partages": ("Jardins partagés 2027", "2027-03-31", "Date limite de dépôt : 31 mars 2027", "8 000 €"),
    "13-scenes-rurales": (
        "Scènes rurales",
        "2027-04-15",
        "Les dossiers sont à envoyer avant le 15 avril 2027.",
        "15 000 €",
    ),
    "14-memoire-ouvriere": ("Mémoire ouvrière", "2027-06-01", "Clôture des candidatures le 1er juin 2027", "5 000 €"),
    "15-velos-solidaires": ("Vélos solidaires", "2027-09-30", "Candidatures jusqu'au 30 septembre 2027.", "3 500 €"),
}


def entry(slug: str) -> str:
    title, _, _, amount = CALLS[slug]
    return f"""<entry><title type="html">{title}</title><id>tag:fondation.example,2026:{slug}</id><updated>2026-10-05T10:00:00Z</updated>
<link rel="alternate" type="text/html" href="{slug}.html"/><link rel="enclosure" type="application/pdf" href="{slug}.pdf"/><summary>Aide de {amount}</summary></entry>"""


def notice(slug: str) -> str:
    title, _, until, amount = CALLS[slug]
    return f"""<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{title} - Fondation du Chemin Vert</title></head><body><header><a href="/">Accueil</a> <a href="/fondation">La fondation</a></header>
<h1>{title}</h1><p>La Fondation du Chemin Vert apporte une aide de {amount} maximum par projet.</p><p>{until}</p><p>Publié le 5 octobre 2026</p><footer><a href="/mentions-legales">Mentions légales</a></footer></body></html>"""


FEED = f"""<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr" xml:base="/appels/"><title>Appels à projets</title><id>tag:fondation.example,2026:appels</id><updated>2026-10-05T10:00:00Z</updated>
<link rel="self" href="/appels/atom.xml"/><link rel="alternate" type="text/html" href="/fondation"/>{"".join(map(entry, CALLS))}</feed>"""

SITE = ListingSite(
    start="/appels/atom.xml",
    pages={
        "/appels/atom.xml": Reply(FEED, "application/atom+xml"),
        "/fondation": "<html lang=fr><h1>La fondation</h1><p>Depuis 1987, la fondation a versé 4 millions d'euros.</p></html>",
        "/mentions-legales": "<html lang=fr><h1>Mentions légales</h1><p>Directeur de la publication : M. Vert</p></html>",
    }
    | {f"/appels/{slug}.html": notice(slug) for slug in CALLS},
    calls={f"/appels/{slug}.html": Call(title, deadline) for slug, (title, deadline, _, _) in CALLS.items()},
)
