# ruff: noqa: E501  (lines as long as the makers of such sites write them)
"""A ministry's table in German: sortable columns, a window of page numbers with a link to the last one, print views."""

from listing_sites.listing_site import Call, ListingSite

CALLS = [
    ("Digitale Dörfer – Modellvorhaben", "2027-01-31", "31.01.2027", "150.000 Euro"),
    ("Nachwuchsförderung Holzbau", "2027-02-15", "15. Februar 2027", "40.000 Euro"),
    ("Wärmenetze in kleinen Gemeinden", "2027-03-01", "1. März 2027", "500.000 Euro"),
    ("Ehrenamt im Sport", None, "laufend", "2.500 Euro"),
    ("Moorschutz: Pilotflächen", "2027-04-30", "30.04.2027", "1,2 Mio. Euro"),
    ("Musikschulen aufs Land", "2027-05-15", "15.05.2027", "25.000 Euro"),
    ("Sanierung historischer Mühlen", "2027-06-01", "1. Juni 2027", "80.000 Euro"),
    ("Radwege zwischen Nachbarorten", "2027-07-31", "31.7.2027", "300.000 Euro"),
    ("Wasserstoff im Handwerk", "2027-08-15", "15. August 2027", "200.000 Euro"),
    ("Kleinprojekte Kulturerbe", "2027-09-30", "30.09.2027", "7.500 Euro"),
    ("Bürgerbusse", "2027-10-01", "01.10.2027", "60.000 Euro"),
    ("Regionale Saatgutbanken", "2027-11-15", "15. November 2027", "35.000 Euro"),
    ("Junge Forschung Geodäsie", "2027-12-01", "1. Dezember 2027", "90.000 Euro"),
]
PER_PAGE = 3
LAST = 5

HEAD = """<!DOCTYPE html><html lang="de"><head><meta charset="utf-8"><title>{title} | Ministerium für Landesentwicklung</title></head><body>
<ul class="meta"><li><a href="/leichte-sprache">Leichte Sprache</a></li><li><a href="/gebaerdensprache">Gebärdensprache</a></li><li><a href="/kontakt">Kontakt zum Ministerium</a></li></ul>
<div class="logo"><a href="/"><img alt="Ministerium für Landesentwicklung" src="/logo.svg"></a></div>
<div class="nav"><a href="/ministerium/organisation">Das Ministerium stellt sich vor</a><a href="/presse">Presse und Mitteilungen</a><a href="/foerderung/liste.php">Förderung und Wettbewerbe</a></div>
<div class="inhalt">"""
FOOT = """</div><div class="fuss"><a href="/impressum">Impressum des Ministeriums</a> <a href="/datenschutz">Datenschutzerklärung lesen</a> <a href="/barrierefreiheit">Erklärung zur Barrierefreiheit</a>
<a href="mailto:post@ministerium.example">E-Mail</a> <a href="tel:+4930123456">030 123456</a></div></body></html>"""


def page(title: str, body: str) -> str:
    return HEAD.format(title=title) + body + FOOT


def listing(number: int) -> str:
    rows = "".join(
        f"<tr><td>{at + 1:03}</td><td><a href='detail.php?id={at + 1}'>{title}</a></td><td>{day}</td><td>{amount}</td><td><a href='detail.php?id={at + 1}&amp;druck=1' title='Druckansicht'>Druckansicht</a></td></tr>"
        for at, (title, _, day, amount) in list(enumerate(CALLS))[(number - 1) * PER_PAGE : number * PER_PAGE]
    )
    window = "".join(
        f"<strong>{n}</strong> " if n == number else f"<a href='?page={n}'>{n}</a> "
        for n in (number - 1, number, number + 1)
        if 1 <= n <= LAST
    )
    return page(
        "Förderprogramme",
        f"""<h1>Förderprogramme des Landes</h1><p>{len(CALLS)} Treffer. <a href="?page={number}&amp;druck=1">Diese Liste drucken</a></p>
<table class="treffer"><thead><tr><th><a href="?sort=nr&amp;dir=asc">Nr.</a></th><th><a href="?sort=titel&amp;dir=asc">Bezeichnung des Programms</a></th><th><a href="?sort=frist&amp;dir=desc">Frist der Einreichung</a></th><th>Betrag</th><th></th></tr></thead><tbody>{rows}</tbody></table>
<p class="blaettern">Seite {number} von {LAST}: <a href="?page=1">« Erste</a> {window} <a href="?page={LAST}">Letzte »</a></p>""",
    )


def detail(at: int, printed: bool = False) -> str:
    title, _, day, amount = CALLS[at]
    return page(
        title,
        f"""<p><a href="liste.php">Zurück zur Liste aller Programme</a></p><h1>{title}</h1>
<table class="eckdaten"><tr><th>Fördergeber</th><td>Ministerium für Landesentwicklung</td></tr><tr><th>Antragsfrist</th><td>{day}</td></tr>
<tr><th>Höhe der Förderung</th><td>bis zu {amount}</td></tr><tr><th>Stand</th><td>02.11.2026</td></tr></table>
<p>Gefördert werden Vorhaben von Gemeinden und Vereinen im Land.</p>{"" if printed else f'<p><a href="detail.php?id={at + 1}&amp;druck=1">Druckansicht</a></p>'}""",
    )


def other(title: str, body: str) -> str:
    return page(title, f"<h1>{title}</h1><p>{body}</p>")


SITE = ListingSite(
    start="/foerderung/liste.php",
    pages={f"/foerderung/liste.php?page={number}": listing(number) for number in range(1, LAST + 1)}
    | {"/foerderung/liste.php": listing(1)}
    | {f"/foerderung/liste.php?page={number}&druck=1": listing(number) for number in range(1, LAST + 1)}
    | {f"/foerderung/liste.php?sort={by}": listing(1) for by in ("nr&dir=asc", "titel&dir=asc", "frist&dir=desc")}
    | {f"/foerderung/detail.php?id={at + 1}": detail(at) for at in range(len(CALLS))}
    | {f"/foerderung/detail.php?id={at + 1}&druck=1": detail(at, printed=True) for at in range(len(CALLS))}
    | {
        "/impressum": other("Impressum", "Ministerium für Landesentwicklung, Berlin. Verantwortlich: das Referat 12."),
        "/datenschutz": other("Datenschutzerklärung", "Wir speichern bis zum 31.12.2027."),
        "/kontakt": other("Kontakt", "Bürgertelefon 030 123456"),
        "/presse": other("Presse", "Am 3. Mai 2027 lädt der Minister ein."),
        "/ministerium/organisation": other("Organisation", "Das Ministerium hat 400 Stellen und 20 Mio. Euro."),
        "/barrierefreiheit": other("Barrierefreiheit", "Stand: 1. Mai 2026."),
    },
    calls={
        f"/foerderung/detail.php?id={at + 1}": Call(title, deadline) for at, (title, deadline, _, _) in enumerate(CALLS)
    },
)
