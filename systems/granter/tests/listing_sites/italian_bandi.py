# ruff: noqa: E501  (lines as long as the makers of such sites write them)
"""An Italian bank foundation: a layout grid of tables, dates as badges, page numbers in the path, PDF annexes, a slider, news."""

from granter_fake_site import Reply

from listing_sites.listing_site import Call, ListingSite

CALLS = {
    "bando-nuove-musiche": ("Bando Nuove Musiche", "2027-02-15", "15 febbraio 2027", "20.000 euro"),
    "bando-doposcuola": ("Bando Doposcuola in rete", "2027-03-31", "31/03/2027", "35.000 euro"),
    "bando-restauri-minori": ("Restauri minori", "2027-04-30", "30 aprile 2027 alle ore 12.00", "50.000 euro"),
    "bando-orti-sociali": ("Orti sociali e inclusione", "2027-05-10", "10.05.2027", "8.000 euro"),
    "bando-giovani-ricercatori": ("Giovani ricercatori all'estero", "2027-06-18", "18 giugno 2027", "15.000 euro"),
    "bando-montagna": ("Vivere la montagna", "2027-09-20", "20 settembre 2027", "40.000 euro"),
    "bando-memoria": ("Archivi e memoria", "2027-10-29", "29 ottobre 2027", "12.000 euro"),
}
PER_PAGE = 3


def page(title: str, body: str) -> str:
    return f"""<!doctype html><html><head><meta http-equiv=Content-Type content="text/html; charset=utf-8"><title>{title} :: Fondazione Cassa del Lago</title></head><body>
<div id="testata"><a href="/"><img src="/img/logo.png" alt="Fondazione Cassa del Lago"></a><a href="/it/la-fondazione">La Fondazione</a> <a href="/it/settori">I settori di intervento</a> <a href="/it/bandi">Bandi e contributi</a> <a href="/it/bilanci">Bilanci e rapporti annuali</a> <a href="/en/calls">English</a></div>
<div id="slider"><a href="/it/news/mostra-di-primavera"><img src="/img/m.jpg" alt="La mostra di primavera apre il 3 aprile 2027"></a></div>
<table id="corpo"><tr><td class="sinistra">{body}</td><td class="destra"><h4>Ultime notizie</h4><p><span>12.11.2026</span> <a href="/it/news/mostra-di-primavera">La mostra di primavera</a></p><p><span>03.11.2026</span> <a href="/it/news/nuovo-presidente">Nominato il nuovo presidente della Fondazione</a></p><p><span>20.10.2026</span> <a href="/it/news/borse-consegnate">Consegnate le borse di studio 2026 agli studenti</a></p></td></tr></table>
<div id="piede"><a href="/it/privacy">Informativa sulla privacy</a> <a href="/it/trasparenza">Amministrazione trasparente</a> <a href="/it/lavora-con-noi">Lavora con noi</a></div></body></html>"""


def box(slug: str) -> str:
    title, _, until, _ = CALLS[slug]
    return f"""<td class="box"><div class="badge"><b>{until.split()[0]}</b></div><div class="titolo">{title}</div><div class="bottoni"><a href="/it/bandi/{slug}">Scopri di più</a> <a href="/files/{slug}.pdf">Scarica il bando (PDF)</a></div></td>"""


def listing(number: int) -> str:
    slugs = list(CALLS)[(number - 1) * PER_PAGE : number * PER_PAGE]
    numbers = "".join(
        f'<a href="/it/bandi/pagina/{n}">{n}</a>' if n != number else f"<span>{n}</span>" for n in (1, 2, 3)
    )
    on = f'<a href="/it/bandi/pagina/{number + 1}" title="successiva">&rsaquo;</a>' if number < 3 else ""
    return page(
        "Bandi",
        f'<h1>Bandi aperti</h1><table class="griglia"><tr>{"".join(map(box, slugs))}</tr></table><div class="navigazione-pagine">{numbers}{on}</div>',
    )


def bando(slug: str) -> str:
    title, _, until, amount = CALLS[slug]
    return page(
        title,
        f"""<h1>{title}</h1><p>La Fondazione Cassa del Lago sostiene gli enti del territorio con un contributo massimo di {amount} per progetto.</p><p>Scadenza: {until}</p><h3>Allegati</h3><ul><li><a href="/files/{slug}.pdf">Testo integrale</a></li></ul>""",
    )


def other(title: str, body: str) -> str:
    return page(title, f"<h1>{title}</h1><p>{body}</p>")


SITE = ListingSite(
    start="/it/bandi",
    pages={"/it/bandi": listing(1)}
    | {f"/it/bandi/pagina/{number}": listing(number) for number in (1, 2, 3)}
    | {f"/it/bandi/{slug}": bando(slug) for slug in CALLS}
    | {f"/files/{slug}.pdf": Reply(b"%PDF-1.7\n%\xe2\xe3", "application/pdf") for slug in CALLS}
    | {
        "/it/la-fondazione": other("La Fondazione", "Nata nel 1991 con un patrimonio di 300 milioni di euro."),
        "/it/settori": other("I settori di intervento", "Arte, scuola, ricerca."),
        "/it/news/nuovo-presidente": other("Il nuovo presidente", "In carica dal 3 novembre 2026."),
        "/it/news/borse-consegnate": other(
            "Borse consegnate", "A 40 studenti, 1.000 euro ciascuno, entro il 20 ottobre 2026."
        ),
        "/it/news/mostra-di-primavera": other("La mostra", "Fino al 30 giugno 2027, ingresso 8 euro."),
        "/it/trasparenza": other("Amministrazione trasparente", "Compensi: 60.000 euro."),
    },
    calls={f"/it/bandi/{slug}": Call(title, deadline) for slug, (title, deadline, _, _) in CALLS.items()},
)
