"""Boilerplate: the pages and page parts that every site has besides its notices, recognised by their usual words."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from granter_data.rules.terms import any_of

_NAMES = any_of(
    r"""
    about( us)? | who we are | our (team|history|mission|story|people|impact) | team | contact( us)? | imprint
    legal( notice| information)?( and copyright)? | privacy( notice| policy| statement)?
    (privacy (notice|policy) and )?cookies?( policy| settings| statement)? | data protection
    terms( of (use|service)| and conditions)? | accessibility( statement)? | sitemap | home( page)?
    log ?(in|out) | sign ?(in|up|out) | register | (create|my|your) account | careers? | jobs | vacanc(y|ies)
    news(room)?
    press( releases?| room)? | media( centre| center)? | newsletter | subscribe | feedback | help | faqs?
    frequently asked questions | how to apply( for (funding|a grant))? | search | annual (report|accounts)( 20\d\d)?
    events? | donate | print | share | download | beneficiaries | archives?
    status( page)?
    (previously funded|past|closed) (projects|grants|calls|winners) | disclaimer | copyright | rss( feed)?
    impressum | datenschutz(erklärung|hinweise)? | kontakt | über uns | barrierefreiheit
    erklärung zur barrierefreiheit | leichte sprache | gebärdensprache | startseite | presse | aktuelles
    anmelden | suche
    drucken | mentions légales | accueil | (la|notre) (fondation|équipe|histoire) | qui sommes[- ]nous ?\??
    nous contacter
    actualités | connexion | politique de confidentialité | plan du site | inicio | aviso legal( y privacidad)?
    quiénes somos | contacto | noticias | política de (privacidad|cookies) | accesibilidad | início | quem somos
    contato
    notícias | acessibilidade | chi siamo | contatti | note legali | notizie | accessibilità | over ons | colofon
    nieuws
    toegankelijkheid | privacyverklaring
    """,
    whole=True,
)
_LEADS = any_of(
    r"""
    about (the|this) .* | (privacy|cookies?|data protection|terms|legal|accessibility) .*
    (log ?in|sign ?(in|up|out)) .*
    (create|my|your) .*account.* | work (with|for) us.* | careers? .* | news .* | subscribe .* | feedback .*
    how .* (apply|assessed)
    search .* | annual (report|accounts).* | skip to .* | back to .* | (print|share|download|manage|clear) .*
    map of .*
    (beneficiaries|archives?) .* | (past|previous(ly)?|former|closed) .* | das (ministerium|team|haus) .* | impressum .*
    datenschutz.* | kontakt .* | über uns .* | erklärung zur .* | presse .* | politique de .* | qui sommes.nous .*
    inicio .*
    aviso legal .* | quiénes somos .* | política de .* | privacyverklaring .*
    """,
    whole=True,
)
_CALLED = any_of(
    r"""
    \bgrants?\b | \bfund(ing)?\b | \bawards?\b | fellowship | scholarship | \bprizes?\b | challenge | residenc
    programme | scheme
    förder | preis\b | stipendi | bourse | appel à | \bprix\b | \bbecas? | \bpremios? | convocatori | \bbandi?\b
    \bedita(l|is)\b
    subsidie | regeling | \bbeurs
    """
)
_BOXES = re.compile(
    r"(?<![a-z])(cookies?|consent|breadcrumbs?|language|lang-?(switch\w*|nav|menu)|skip-?link|share|social|menu|nav|navbar|navigation"
    r"|topbar|top-bar|masthead|site-?(header|footer)|footer|foot|widget|widget-area|sidebar|banner|toolbar|tag-?cloud|filters?"
    r"|related|newsletter|feedback)(?![a-z])",
    re.I,
)
_AROUND = "nav, aside, form, dialog, [role=navigation], [role=banner], [role=contentinfo], [role=dialog], [role=search]"
_AROUND_WORDS = " .:|»«›‹→>-–"
_OWN = ("article", "li", "td", "dd")


def is_boilerplate(title: str) -> bool:
    """Return whether a page of this *title* is one that every site has, such as a contact page."""
    return bool(_NAMES.match(title.strip(_AROUND_WORDS)))


def leads_to_boilerplate(words: str) -> bool:
    """Return whether *words* are those of a link to a page that every site has. Words that name a grant are not."""
    words = words.strip(_AROUND_WORDS)
    return bool(_NAMES.match(words) or (_LEADS.match(words) and not _CALLED.search(words)))


def remove_boilerplate(tree: LexborHTMLParser) -> None:
    """Remove what surrounds the content of the page *tree*: navigation, headers, footers, forms and boxes like them."""
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
