"""Funder: who gives the money."""

import re

from granter_data.rules.page import Page

_LABEL = re.compile(
    r"^(the )?(funder|funding (body|organi[sz]ation|agency|source)|funded by|offered by|sponsor(ed by)?"
    r"|agency|awarding body"
    r"|grant[- ]?maker|donor|provider|provided by|provider name|programme owner|supported by"
    r"|organi[sz]ation|foundation"
    r"|issued by|managed by|run by|who (funds|pays|gives)( it| this)?\??|from"
    r"|(mittel|förder|zuwendungs)geber(in)?|gefördert (durch|von)|förderer|stifter(in)?|ausgeschrieben von|träger"
    r"|financeur|organisme( financeur)?|bailleur( de fonds)?|financé par|proposé par|porteur"
    r"|entidad( financiadora| convocante)?|organismo( convocante| financiador)?|financiador(a)?|convoca"
    r"|financiado por"
    r"|entidade( financiadora| promotora)?|promotor(a)?|instituição"
    r"|ente (finanziatore|erogatore)|financier|verstrekker)s?$",
    re.I,
)
_META = ("funder", "citation_funder", "sponsor", "dc.publisher", "dcterms.publisher", "dc.creator", "dcterms.creator")
_WEAK_META = ("author", "article:author", "publisher", "article:publisher")
_LEAD = re.compile(
    r"^(posted |published |offered |funded |presented |a (grant|call|programme) |eine ausschreibung "
    r"|un appel |una convocatoria )?"
    r"(by|from|von|der|par|por|de|da|do)\s+(the\s+)?|^(author|funder|sponsor|organi[sz]er)\s*:\s*|^the\s+",
    re.I,
)
_SMALL = (
    "of|for|the|and|in|on|to|&|de|del|la|las|los|le|les|des|du|da|do|das|dos|für|und|et|y|e|der|die|zur|di|van|voor|al"
)
_WORD = r"(?:[A-ZÀ-ÞŁŚŽ][\w’'&.-]*|d[’'][A-ZÀ-Þ]\w+|l[’'][A-ZÀ-Þ]\w+)"
_NAME = rf"{_WORD}(?:(?:\s(?:{_SMALL})){{0,3}}\s{_WORD}){{0,8}}"
_BY = re.compile(
    r"(?:(?:fund|financ|offer|sponsor|award|issu|provid|support|mad)\w*(?: \w+)? (?:by|possible by)"
    r"|(?:grant|call|scheme|programme|fund) (?:from|of)"
    r"|gefördert (?:von|durch)|(?:ausgeschrieben|vergeben|finanziert) (?:von|durch)|(?:financée?"
    r"|proposée?|soutenue?) par"
    r"|(?:financiad|convocad|ofrecid|oferecid|promovid|lançad)[oa]s? (?:por|pel[oa]))"
    rf"\s(?:(?:the|der|die|das|dem|den|la|le|el|o|a)\s|l[’'])?(?P<name>{_NAME})"
)
_ACTS = re.compile(
    rf"(?:^|[.!?:]\s+|,\s)(?:(?:The|Die|Der|Das|La|Le|El|A|O|Il|De|the|die|der|la|le|el)\s"
    rf"|L[’'])?(?P<name>{_NAME})(?:,[^,.]{{2,60}},|\s\([^)]+\))?\s"
    r"(?:now |is now |is |again |has |will |today |wieder |auch |jährlich |lädt )?(?:invit|offer|announc"
    r"|launch|fund|award|support|pleased|seek|provid|accept|welcom"
    r"|call|mak|giv|back|help|open|vergibt|fördert|schreibt|lädt|unterstützt|stellt|finanziert|lance"
    r"|finance|soutient|propose"
    r"|attribue|accorde|ouvre|convoca|ofrece|lanza|abre|financia|concede|apoya|convida|lança|oferece"
    r"|apoia|seleciona|alle )"
)
_NOT_A_NAME = re.compile(
    r"^(this|these|we|it|our|applicants?|applications?|projects?|successful|grants?|the grant|funding"
    r"|proposals?|awards?|each"
    r"|call|diese[rs]?|wir|ce|cette|nous|cet|esta|este|nuestr|nós|o edital|bewerb\w*|there|who|what|how"
    r"|when|all|both|you"
    r"|successful applicants|an?|für|the (call|scheme|fund|programme|award))$",
    re.I,
)


def funder_of(page: Page, title: str) -> str | None:
    """The name in a labelled value, in a meta tag, in a byline, or in a sentence about who gives."""
    for label, value in page.pairs:
        if _LABEL.match(label) and (name := _name(value)):
            return name
    for key in _META:
        if name := _name(page.meta.get(key, "")):
            return name
    for byline in page.bylines:
        if name := _name(byline):
            return name
    return _in_sentences(page.lines, title) or next(
        filter(None, (_name(page.meta.get(k, "")) for k in _WEAK_META)), None
    )


def _in_sentences(lines: tuple[str, ...], title: str) -> str | None:
    for rule in (_BY, _ACTS):
        for line in lines:
            for found in rule.finditer(line):
                name = found["name"].rstrip(".,’'")
                if not _NOT_A_NAME.match(name) and name.casefold() not in title.casefold() and len(name) > 2:
                    return name
    return None


def _name(text: str) -> str | None:
    """The name at the start of *text*, without what leads to it and what is told about it."""
    text = _LEAD.sub("", text.strip())
    text = re.split(r"\s[–—|·]\s|;\s|\s\((?=[^)]*(?:@|http|www))|,\s(?=an?\s|the\s|eine?\s|une?\s|on\s)|\s·|\. ", text)[
        0
    ].strip(" .,:")
    return text if 2 < len(text) <= 120 and re.search(r"[^\W\d_]", text) and not text.startswith("http") else None
