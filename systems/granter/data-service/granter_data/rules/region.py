"""Region: where a grant may be used, by the country or part of the world that the notice names."""

import re
from dataclasses import dataclass

from granter_data.rules.page import Page

_LABEL = re.compile(
    r"\b(regions?|countr|where|location|eligible (area|countr|place)|territor|geograph|gebiet|land$|länder|fördergebiet"
    r"|pays|région|lieu|país|ámbito geográfico|território|abrang|paese|regio)",
    re.I,
)
_NAMES = {
    "Worldwide": "worldwide|any country|all countries|weltweit|monde entier|todo el mundo|todos os países|wereldwijd",
    "Europe": ("Europe(?:an (?:Union|Economic Area|countries))?|EU member states?|Europa|União Europeia|Unión Europea"),
    "Africa": "(?:sub-Saharan |West |East |Southern )?Africa|Afrique|África|Afrika",
    "Asia": "(?:South-East |South |Central )?Asia|Asie|Asien",
    "Latin America": "Latin America|América Latina|Amérique latine|Lateinamerika",
    "Caribbean": "Caribbean|Caraïbes|Caribe",
    "Pacific": "Pacific (?:islands?|region)",
    "United Kingdom": "United Kingdom|UK|Great Britain|England|Scotland|Wales|Northern Ireland|Grande-Bretagne",
    "Ireland": "Ireland|Irland|Irlande",
    "Germany": "Germany|Deutschland|Bayern|Sachsen|Hessen|Brandenburg|Nordrhein-Westfalen|Allemagne|Alemania",
    "Austria": "Austria|Österreich|Tirol|Steiermark",
    "Switzerland": "Switzerland|Schweiz|Suisse|Svizzera",
    "France": "France|Bretagne|Normandie|Occitanie|Frankreich|Francia",
    "Belgium": "Belgium|Belgique|België|Belgien",
    "Netherlands": "(?:the )?Netherlands|Nederland|Niederlande|Pays-Bas",
    "Spain": "Spain|España|Andalucía|Galicia|Cataluña|Espagne|Spanien",
    "Portugal": "Portugal|Alentejo|Algarve|Açores",
    "Italy": "Italy|Italia|Toscana|Sicilia|Piemonte|Italie|Italien",
    "Poland": "Poland|Polska|Polen",
    "Norway": "Norway|Norge|Norwegen",
    "Sweden": "Sweden|Sverige|Schweden",
    "Denmark": "Denmark|Danmark|Dänemark",
    "Finland": "Finland|Suomi|Finnland",
    "United States": "United States|U\\.S\\.|USA|États-Unis|Estados Unidos|Vereinigte Staaten",
    "Canada": "Canada|Kanada|Canadá|Ontario|Québec",
    "Mexico": "Mexico|México",
    "Brazil": "Brazil|Brasil",
    "Colombia": "Colombia",
    "Chile": "Chile",
    "Peru": "Peru|Perú",
    "Kenya": "Kenya",
    "South Africa": "South Africa",
    "India": "India",
    "Australia": "Australia",
    "New Zealand": "New Zealand|Aotearoa",
}
_ALL = re.compile(
    r"(?<![\w-])(?:" + "|".join(f"(?P<r{at}>{words})" for at, words in enumerate(_NAMES.values())) + r")(?![\w])"
)
_ORDER = tuple(_NAMES)


@dataclass(frozen=True, slots=True)
class Region:
    name: str
    words: str


def region_of(page: Page, title: str) -> Region | None:
    """Return the region that a labelled value names, else the one named most often in title and text; or None."""
    for label, value in page.pairs:
        if _LABEL.search(label) and (found := _ALL.search(value)):
            return Region(_name(found), found.group())
    counted: dict[str, list[str]] = {}
    for text in (title, *page.lines):
        for found in _ALL.finditer(text):
            counted.setdefault(_name(found), []).append(_around(text, found))
    if not counted:
        return None
    best = max(counted, key=lambda name: len(counted[name]))
    return Region(best, counted[best][0])


def _name(found: re.Match[str]) -> str:
    return _ORDER[int((found.lastgroup or "r0")[1:])]


def _around(text: str, found: re.Match[str]) -> str:
    start = text.rfind(" ", 0, max(0, found.start() - 40)) + 1
    return text[start : found.end()]


def known_region(name: str) -> str | None:
    """Return the English name of the region that *name* means in any of the languages; None if it is unknown."""
    found = _ALL.fullmatch(name.strip())
    return _name(found) if found else None
