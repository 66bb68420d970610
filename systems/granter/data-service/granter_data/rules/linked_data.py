"""Linked data: structured data on a page in schema.org's vocabulary (JSON-LD)."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from granter_data.rules.text import plain

_GRANTS = ("grant", "monetarygrant", "fundingscheme", "fundingprogram", "scholarship", "educationaloccupationalprogram")
_WINDOWS = ("event", "course")
_FUNDERS = ("funder", "sponsor", "provider", "organizer", "grantor")
_ENDS = ("applicationDeadline", "deadline", "validThrough", "expires", "availabilityEnds")
Thing = Mapping[str, Any]


def listed(tree: LexborHTMLParser) -> Iterator[str]:
    """Yield the addresses of the items of a list, and of the grants that have an address of their own."""
    things = _things(tree)
    for thing in things:
        if "itemlist" in _types(thing):
            yield from filter(None, map(_address, _many(thing.get("itemListElement"))))
    grants = [address for thing in things if _is_grant(thing) and (address := _address(thing))]
    if len(grants) > 1:
        yield from grants


def described_grant(tree: LexborHTMLParser) -> tuple[str, list[tuple[str, str]]]:
    """Return the name of the grant that the page describes, and its properties as labels and values in plain words."""
    things = _things(tree)
    known = {str(thing["@id"]): thing for thing in things if "@id" in thing}
    about = [thing for thing in things if _is_grant(thing)][:1]
    windows = [thing for thing in things if set(_types(thing)) & set(_WINDOWS)][:1]
    pairs: list[tuple[str, str]] = []
    for thing in about or windows:
        pairs += [("funder", name) for key in _FUNDERS if (name := _name(thing.get(key), known))]
        pairs += [("amount", amount) for found in _many(thing.get("amount")) if (amount := _amount(found))]
        pairs += [("deadline", _day(thing[key])) for key in _ENDS if isinstance(thing.get(key), str)]
        pairs += [("about", text) for text in (_text(thing.get("description")),) if text]
    if not any(label == "deadline" for label, _ in pairs):
        pairs += [
            ("applications until", _day(window["endDate"]))
            for window in (*about, *windows)
            if isinstance(window.get("endDate"), str)
        ]
    return (_text((about or windows or [{}])[0].get("name")), pairs)


def _things(tree: LexborHTMLParser) -> list[Thing]:
    found: list[Thing] = []
    for script in tree.css("script[type='application/ld+json']"):
        try:
            document = json.loads(script.text() or "")
        except (ValueError, RecursionError):
            continue
        for thing in _many(document):
            found += [thing, *(inner for inner in _many(thing.get("@graph")) if inner is not thing)]
            found += [inner for key in ("mainEntity", "about", "subjectOf") for inner in _many(thing.get(key))]
    return found


def _many(value: object) -> list[Thing]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]


def _types(thing: Thing) -> list[str]:
    kinds = thing.get("@type")
    return [str(kind).casefold() for kind in (kinds if isinstance(kinds, list) else [kinds])]


def _is_grant(thing: Thing) -> bool:
    return bool(set(_types(thing)) & set(_GRANTS))


def _address(thing: Thing) -> str | None:
    item = thing.get("item")
    for found in (thing.get("url"), item, *((item.get("url"), item.get("@id")) if isinstance(item, dict) else ())):
        if isinstance(found, str):
            return found
    return None


def _name(value: object, known: Mapping[str, Thing]) -> str:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("name") or known.get(str(value.get("@id")), {}).get("name")
    return _text(value)


def _amount(value: Thing) -> str:
    """Return a sum in words that the rules recognise, such as "EUR 5000 to 20000"."""
    inner = value.get("value")
    bounds = inner if isinstance(inner, dict) else value
    currency = str(value.get("currency") or bounds.get("currency") or bounds.get("unitText") or "")
    least, most = _number(bounds.get("minValue")), _number(bounds.get("maxValue"))
    only = _number(bounds.get("value"))
    if not re.fullmatch(r"[A-Za-z]{3}", currency):
        return ""
    if least and most:
        return f"{currency} {least} to {currency} {most}"
    if least or most:
        return f"up to {currency} {most}" if most else f"at least {currency} {least}"
    return f"{currency} {only}" if only else ""


def _number(value: object) -> str:
    text = str(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
    return text.removesuffix(".0") if re.fullmatch(r"\d{1,12}(\.\d+)?", text) and float(text) > 0 else ""


def _day(value: str) -> str:
    return value[:10]


def _text(value: object) -> str:
    return plain(LexborHTMLParser(value).text(separator=" ")) if isinstance(value, str) else ""
