# ruff: noqa: E501  (lines as long as the makers of such sites write them)
"""An old portal: declared latin-1 in its pages only (with euro signs, which latin-1 lacks), a base address, redirects, session ids in links, an endless calendar."""

from itertools import count

from granter_fake_site import Reply

from listing_sites.listing_site import Call, ListingSite

CALLS = {
    4: ("Ayudas a la creación escénica", "2027-02-26", "26 de febrero de 2027", "12.000 €"),
    7: ("Becas de investigación Año Gaudí", "2027-03-15", "15/03/2027", "18.500 €"),
    9: ("Premio Niñez y Océano", "2027-05-07", "7 de mayo de 2027", "3.000 €"),
    12: ("Subvenciones a la reforestación", "2027-06-30", "30 de junio de 2027", "45.000 €"),
    15: ("Cooperación al desarrollo: pequeños proyectos", "2027-09-10", "10 de septiembre de 2027", "25.000 €"),
}
_SESSIONS = count(1000)


def page(title: str, body: str) -> str:
    return f"""<html lang="es"><head><meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1"><title>{title}</title><base href="/becas/"></head><body bgcolor="#ffffff">
<table width="100%"><tr><td><a href="index.asp">Inicio del portal</a> | <a href="../aviso_legal.asp">Aviso legal y privacidad</a> | <a href="quienes.asp">Quiénes somos aquí</a></td></tr></table>
<table><tr><td valign="top">{body}</td><td valign="top"><b>Agenda</b><br><a href="agenda.asp?mes=2027-02">Mes siguiente &gt;&gt;</a></td></tr></table>
<p align="center"><font size="1">&copy; Fundación Encina</font></p></body></html>"""


def latin(text: str) -> Reply:
    return Reply(text.encode("windows-1252"), "text/html")


def session() -> str:
    return f"ASPSESSIONID={next(_SESSIONS):08X}"


def listing(number: int) -> str:
    some = list(CALLS)[:3] if number == 1 else list(CALLS)[3:]
    items = "".join(f'<li><a href="detalle.asp?id={at}&{session()}">{CALLS[at][0]}</a> ({CALLS[at][2]})' for at in some)
    other = (
        f'<a href="lista.asp?pag=2&{session()}">Siguiente &gt;&gt;</a>'
        if number == 1
        else f'<a href="lista.asp?pag=1&{session()}">&lt;&lt; Anterior</a>'
    )
    return page("Convocatorias abiertas", f"<h2>Convocatorias abiertas</h2><ul>{items}</ul><p>{other}</p>")


def detail(at: int) -> str:
    title, _, until, amount = CALLS[at]
    return page(
        title,
        f"<h2>{title}</h2><p><b>Entidad:</b> Fundación Encina</p><p><b>Plazo de presentación:</b> hasta el {until}</p><p><b>Cuantía:</b> hasta {amount}</p><p>Pueden presentarse asociaciones y personas físicas.</p>",
    )


def page_for(path: str) -> str | Reply | None:
    """Each answer carries a session of its own, and after each month comes another."""
    bare = path.split("?", maxsplit=1)[0]
    words = dict(entry.partition("=")[::2] for entry in path.partition("?")[2].split("&"))
    if bare == "/becas/lista.asp":
        return latin(listing(int(words.get("pag", "1"))))
    if bare == "/becas/detalle.asp" and words.get("id", "").isdigit() and int(words["id"]) in CALLS:
        return latin(detail(int(words["id"])))
    if bare == "/becas/agenda.asp":
        year, month = map(int, words["mes"].split("-"))
        after = f"{year + month // 12}-{month % 12 + 1:02}"
        return latin(
            page(
                f"Agenda {words['mes']}",
                f'<h2>Agenda de {words["mes"]}</h2><ul><li><a href="acto.asp?dia={words["mes"]}-03">Concierto de la Fundación en el parque</a></ul><a href="agenda.asp?mes={after}">Siguiente &gt;&gt;</a>',
            )
        )
    if bare == "/becas/acto.asp":
        return latin(page("Concierto", f"<h2>Concierto en el parque</h2><p>El {words['dia']}, entrada 10 €.</p>"))
    return None


SITE = ListingSite(
    start="/becas",
    pages={
        "/becas": Reply("", "text/html", 301, {"Location": "/becas/"}),
        "/becas/": Reply("", "text/html", 302, {"Location": "/becas/lista.asp"}),
        "/becas/quienes.asp": latin(
            page(
                "Quiénes somos",
                "<h2>Quiénes somos</h2><p>La Fundación Encina nació en 1985 con 2 millones de euros.</p>",
            )
        ),
        "/aviso_legal.asp": latin(page("Aviso legal", "<h2>Aviso legal</h2><p>Fundación Encina, NIF G-1234567.</p>")),
        "/becas/index.asp": latin(page("Inicio", "<h2>Bienvenidos</h2>")),
    },
    endless=page_for,
    calls={f"/becas/detalle.asp?id={at}": Call(title, deadline) for at, (title, deadline, _, _) in CALLS.items()},
)
