"""Rules for the values of variables: type, length, and no well-known secrets."""

import math
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Union, get_args, get_origin
from urllib.parse import urlsplit

from mainstay_kit.errors import Misconfigured

from .secret import Secret

PLACEHOLDER = re.compile(
    r"(?i)your[-_ ]|change[-_ ]?me|placeholder|example[-_ ]?(key|secret|password)|<[^>]*>|^\[.*\]$|^x{3,}$|todo"
)
KNOWN = frozenset({
    "password", "secret", "admin", "test", "default", "postgres", "guest", "root", "strong_password", "123456",
    "strong-password", "secure-password", "secret-cookie", "ccl-internal-2025", "supersecret", "changeit",
})  # fmt: skip
KINDS = "str, int, float, bool, Path, Secret, tuple[str, ...]"
YES, NO = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})
BITS_OF_A_SECRET = 64.0


@dataclass(frozen=True, slots=True)
class Rule:
    """Requirements on a value beyond its type: `jwt_secret: Annotated[Secret, Rule(at_least=32)]`.

    *at_least*: the minimum number of characters; *one_of*: the allowed values; *url*: the allowed schemes of a URL.
    """

    at_least: int = 0
    one_of: tuple[str, ...] = ()
    url: tuple[str, ...] = ()


def convert(text: str, kind: object) -> object:
    """Return *text* as *kind*. Raises ValueError, which never quotes *text*, when it cannot be converted."""
    if get_origin(kind) in {Union, UnionType}:
        kind = next(part for part in get_args(kind) if part is not type(None))
    if kind is Secret or kind is Path:
        return Secret(text) if kind is Secret else Path(text)
    if kind is bool:
        if text.lower() not in YES | NO:
            raise ValueError("is neither true nor false")
        return text.lower() in YES
    if kind is int or kind is float:
        try:
            return int(text) if kind is int else float(text)
        except ValueError:
            raise ValueError("is no number" if kind is float else "is no whole number") from None
    if get_origin(kind) is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if kind is not str:
        raise Misconfigured(f"a variable cannot be {kind}", remedy=f"declare one of {KINDS}")
    return text


def objections(text: str, rule: Rule, *, secret: bool) -> list[str]:
    """Return what is wrong with *text*, without quoting any of it."""
    wrong = []
    if len(text) < rule.at_least:
        return [f"is shorter than {rule.at_least} characters"]
    if rule.one_of and text not in rule.one_of:
        wrong.append(f"is not one of {', '.join(rule.one_of)}")
    if rule.url:
        wrong += _url_objections(text, rule.url)
    if secret and (text.lower() in KNOWN or PLACEHOLDER.search(text)):
        wrong.append("is a placeholder or a value that everybody knows")
    elif secret and rule.at_least and not rule.url and _bits(text) < BITS_OF_A_SECRET:
        wrong.append("is too regular to be random; make one: openssl rand -hex 32")
    return wrong


def _url_objections(text: str, schemes: tuple[str, ...]) -> list[str]:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return ["is no URL (is every part percent-encoded?)"]
    if parts.scheme not in schemes:
        return [f"does not begin with {' or '.join(f'{scheme}://' for scheme in schemes)}"]
    if not parts.hostname or port == 0 or parts.fragment:
        return ["is no URL with a host (is every part percent-encoded?)"]
    if (parts.password or "").lower() in KNOWN:
        return ["contains a password that everybody knows"]
    return []


def _bits(text: str) -> float:
    """Return the entropy of *text* in bits, as if its characters were drawn independently."""
    length = len(text)
    return -sum(count * math.log2(count / length) for count in Counter(text).values())
