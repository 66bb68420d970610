"""Funder: the organisation that gives the money."""

import re

from granter_data.rules.page import Page
from granter_data.rules.terms import any_of

_LABEL = any_of(
    r"""
    funder | funding (body|organi[sz]ation|agency|source) | funded by | offered by | sponsor(ed by)?
    agency( name)? | awarding body | grant[- ]?maker | donor | provider | provided by | provider name
    programme owner | supported by | organi[sz]ation | foundation | issued by | managed by | run by
    who (funds|pays|gives)( it| this)?\?? | from | (mittel|förder|zuwendungs)geber(in)?
    gefördert (durch|von) | förderer | stifter(in)? | ausgeschrieben von | träger | qui | wer | quién
    realização | realizador(a)? | financeur | organisme( financeur)? | bailleur( de fonds)? | financé par
    proposé par | porteur | entidad( financiadora| convocante)? | organismo( convocante| financiador)?
    financiador(a)? | convoca | financiado por | entidade( financiadora| promotora)? | promotor(a)?
    instituição | ente (finanziatore|erogatore) | financier | verstrekker
    """,
    whole=True,
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
_WORD = r"(?:[A-ZÀ-ÞŁŚŽ][\w’'&-]*(?:\.\w[\w’'&-]*)*\.?(?<!\w\w\.)|d[’'][A-ZÀ-Þ]\w+|l[’'][A-ZÀ-Þ]\w+)"
_OF = r"\s(?:des|du|de|de\sla|de\slos|del|della|da|do|di)\s[^\W\d_]+"
_NAME = rf"{_WORD}(?:(?:\s(?:{_SMALL})){{0,3}}\s{_WORD}|{_OF}){{0,8}}"
_BY = re.compile(
    r"(?:(?i:fund|financ|offer|sponsor|award|issu|provid|support|mad)\w*(?: \w+)? (?:by|possible by)"
    r"|(?:grant|call|scheme|programme|fund) (?:from|of)"
    r"|(?:vergibt|fördert|unterstützt|bietet|finanziert)(?= (?:die|der|das) [A-ZÄÖÜ])"
    r"|gefördert (?:von|durch)|(?:ausgeschrieben|vergeben|finanziert) (?:von|durch)|(?:financée?"
    r"|proposée?|soutenue?) par"
    r"|(?:financiad|convocad|ofrecid|oferecid|promovid|lançad)[oa]s? (?:por|pel[oa]))"
    rf"\s(?:(?:the|der|die|das|dem|den|la|le|el|o|a)\s|l[’'])?(?P<name>{_NAME})"
)
_GIVES = (
    r"(?:is|are)\s(?:\w+\s)?(?:inviting|offering|accepting|looking|pleased|seeking|making|launching|calling|welcoming|opening)"
    r"|(?:has|have)\s(?:launched|announced|opened)|will\s(?:\w+\s)?(?:fund|award|support|give|offer|make|invite)"
    r"|(?:now\s|again\s)?(?:invites?|offers?|announces?|launch(?:es)?|funds|awards?|supports?|seeks?|provides?|accepts?|welcomes?"
    r"|calls?|makes?|gives?|backs?|helps?|opens?|expects?|wants?|pays?|looks?)"
    r"|(?:wieder\s|auch\s|jährlich\s)?(?:vergibt|fördert|schreibt|lädt|unterstützt|stellt|finanziert|bietet)"
    r"|lance|finance|soutient|propose|attribue|accorde|ouvre|convoca|ofrece|lanza|abre|financia|concede|apoya"
    r"|convida|lança|oferece|apoia|seleciona|sostiene|finanzia|assegna|verstrekt|ondersteunt"
)
_ACTS = re.compile(
    r"(?:^|[.!?:]\s+|,\s)(?:(?:The|Die|Der|Das|La|Le|El|A|O|Il|Lo|De|Het|the|die|der|la|le|el)\s|L[’'])?"
    rf"(?P<name>{_NAME})(?:,[^,.]{{2,60}},|\s\([^)]+\))?\s(?:{_GIVES})\b"
)
_BODY = re.compile(
    r"\b(Foundation|Trust|Fund|Institute|Council|Agency|Charity|Endowment|Academy|Ministry|Department|Network|Association"
    r"|Stiftung|Fonds|Akademie|Ministerium|Fondation|Fundación|Fundação|Instituto|Ministère|Ministerio|Ministério)\b|stiftung\b"
)
_SENTENCE = 40
_NOT_A_NAME = re.compile(
    r"^(this|these|we|it|our|applicants?|applications?|projects?|successful|grants?|the grant|funding"
    r"|proposals?|awards?|each"
    r"|call|diese[rs]?|wir|ce|cette|nous|cet|esta|este|nuestr|nós|o edital|bewerb\w*|there|who|what|how"
    r"|when|all|both|you"
    r"|successful applicants|individual|single|typical|total|full|an?|für|the (call|scheme|fund|programme|award))$",
    re.I,
)


def is_funder(label: str) -> bool:
    """Return whether a value with this *label* is the name of the funder."""
    return bool(_LABEL.match(label.removeprefix("the ")))


def funder_of(page: Page, title: str) -> str | None:
    """Return the funder's name from a labelled value, else a meta tag, else a byline, else a sentence; or None."""
    for label, value in page.pairs:
        if is_funder(label) and (name := _name(value)):
            return name
    for key in _META:
        if name := _name(page.meta.get(key, "")):
            return name
    for byline in page.bylines:
        if name := _name(byline):
            return name
    return (
        _in_sentences(page.lines, title)
        or _body(page, title)
        or next(filter(None, (_name(page.meta.get(key, "")) for key in _WEAK_META)), None)
    )


def _in_sentences(lines: tuple[str, ...], title: str) -> str | None:
    for rule, shortest in ((_BY, 0), (_ACTS, _SENTENCE)):
        for line in lines:
            for found in rule.finditer(line):
                name = found["name"].rstrip(".,’'")
                if len(line) >= shortest and _may_be(name, title):
                    return name
    return None


def _body(page: Page, title: str) -> str | None:
    """Return an institution's name from the beginning of a line or from the document's title; or None."""
    for text in (
        *(line for line in page.lines if len(line) >= _SENTENCE),
        *re.split(r"\s[-–—|·]\s", page.document_title),
    ):
        found = re.match(rf"(?:(?:The|Die|Der|Das|La|Le|El|A|O|Il|De|Het)\s|L[’'])?(?P<name>{_NAME})", text)
        if found and _BODY.search(found["name"]) and _may_be(found["name"], title):
            return found["name"]
    return None


def _may_be(name: str, title: str) -> bool:
    return len(name) > 2 and not _NOT_A_NAME.match(name) and name.casefold() not in title.casefold()


def _name(text: str) -> str | None:
    """Return the name at the start of *text*, without introductory words and without the description that follows."""
    text = _LEAD.sub("", text.strip())
    text = re.split(r"\s[–—|·]\s|;\s|\s\((?=[^)]*(?:@|http|www))|,\s(?=an?\s|the\s|eine?\s|une?\s|on\s)|\s·|\. ", text)[
        0
    ].strip(" .,:")
    return text if 2 < len(text) <= 120 and re.search(r"[^\W\d_]", text) and not text.startswith("http") else None
