"""Furniture: what every site has beside its notices, by the words it goes under."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from granter_data.rules.terms import any_of

_NAMES = any_of(
    r"""
    about( us| the .*| this .*)? | who we are | our (team|history|mission|story|people|impact) | team
    contact( us)? | imprint
    legal( notice.*| information)? | (privacy|cookies?|data protection)( .*)? | terms( .*)? | accessibility( .*)?
    sitemap | map of this site | home( page)? | log ?in.* | sign ?(in|up|out).* | register
    (create|my|your) .*account.*
    careers?( .*)? | jobs | vacanc(y|ies) | work (with|for) us.* | news(room)? | press( .*)? | media( centre| center)?
    newsletter( .*)? | subscribe.* | feedback( .*)? | help | faqs? | frequently asked questions | how to apply( .*)?
    search( .*)? | annual (report|accounts).* | events? | donate | skip to .* | back to .* | (print|share)( .*)?
    download( .*)?
    beneficiaries( .*)? | past (grants|winners|calls).* | status( page)? | disclaimer | copyright | rss( feed)?
    manage .*
    impressum( .*)? | datenschutz.* | kontakt( .*)? | über uns.* | das (ministerium|team|haus)( .*)?
    barrierefreiheit.*
    erklärung zur .* | leichte sprache | gebärdensprache | startseite | presse.* | aktuelles | anmelden | suche
    drucken
    mentions légales | accueil | (la|notre) (fondation|équipe|histoire) | qui sommes.nous.* | nous contacter
    actualités
    connexion | politique de confidentialité.* | plan du site | inicio( .*)? | aviso legal.* | quiénes somos.*
    contacto
    noticias | política de .* | accesibilidad | início | quem somos | contato | contacto | notícias | acessibilidade
    chi siamo | contatti | note legali | notizie | accessibilità | over ons | colofon | nieuws | toegankelijkheid
    """,
    whole=True,
)
_BOXES = re.compile(
    r"(?<![a-z])(cookies?|consent|breadcrumbs?|language|lang-?(switch\w*|nav|menu)|skip-?link|share|social|menu|nav|navbar|navigation"
    r"|topbar|top-bar|masthead|site-?(header|footer)|footer|foot|widget|widget-area|sidebar|banner|toolbar|tag-?cloud|filters?"
    r"|related|newsletter|feedback)(?![a-z])",
    re.I,
)
_AROUND = "nav, aside, form, dialog, [role=navigation], [role=banner], [role=contentinfo], [role=dialog], [role=search]"
_OWN = ("article", "li", "td", "dd")


def is_furniture(words: str) -> bool:
    """Whether a page or a link of this name is none of a notice."""
    return bool(_NAMES.match(words.strip(" .:|»«›‹→>-–")))


def clear(tree: LexborHTMLParser) -> None:
    """Take from the page what stands around its content."""
    for node in tree.css(_AROUND):
        node.decompose()
    for node in tree.css("header, footer"):
        if not _inside(node, _OWN):
            node.decompose()
    links = len(tree.css("a[href]"))
    for node in tree.css("[class], [id]"):
        names = f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}"
        if (
            node.tag not in ("html", "body", "main", "article", "a", "h1", "h2", "h3", "h4", "li", "tr")
            and _BOXES.search(names)
            and len(node.css("a[href]")) <= links / 2
        ):
            node.decompose()


def _inside(node: LexborNode, tags: tuple[str, ...]) -> bool:
    above = node.parent
    while above is not None:
        if above.tag in tags:
            return True
        above = above.parent
    return False
