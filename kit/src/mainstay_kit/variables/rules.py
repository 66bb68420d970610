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
COMMON_SECRETS = frozenset({
    "password", "secret", "admin", "test", "default", "postgres", "guest", "root", "strong_password", "123456",
    "strong-password", "secure-password", "secret-cookie", "ccl-internal-2025", "supersecret", "changeit",
})  # fmt: skip
SUPPORTED_TYPES = "str, int, float, bool, Path, Secret, tuple[str, ...]"
YES, NO = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})
MIN_SECRET_BITS = 64.0


@dataclass(frozen=True, slots=True)
class Rule:
    """Requirements on a value beyond its type: `jwt_secret: Annotated[Secret, Rule(min_length=32)]`.

    *min_length*: in characters; *choices*: the allowed values; *url_schemes*: the allowed schemes of a URL.
    """

    min_length: int = 0
    choices: tuple[str, ...] = ()
    url_schemes: tuple[str, ...] = ()


def convert(text: str, type_: object) -> object:
    """Return *text* converted to *type_*. Raises ValueError, which never quotes *text*, when that is not possible."""
    if get_origin(type_) in {Union, UnionType}:
        type_ = next(part for part in get_args(type_) if part is not type(None))
    if type_ is Secret or type_ is Path:
        return Secret(text) if type_ is Secret else Path(text)
    if type_ is bool:
        if text.lower() not in YES | NO:
            raise ValueError("is neither true nor false")
        return text.lower() in YES
    if type_ is int or type_ is float:
        try:
            return int(text) if type_ is int else float(text)
        except ValueError:
            raise ValueError("is not a number" if type_ is float else "is not an integer") from None
    if get_origin(type_) is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if type_ is not str:
        raise Misconfigured(f"a variable cannot be {type_}", remedy=f"declare one of {SUPPORTED_TYPES}")
    return text


def violations(text: str, rule: Rule, *, secret: bool) -> list[str]:
    """Return what is wrong with *text*, without quoting any of it."""
    problems = []
    if len(text) < rule.min_length:
        return [f"is shorter than {rule.min_length} characters"]
    if rule.choices and text not in rule.choices:
        problems.append(f"is not one of {', '.join(rule.choices)}")
    if rule.url_schemes:
        problems += _url_violations(text, rule.url_schemes)
    if secret and (text.lower() in COMMON_SECRETS or PLACEHOLDER.search(text)):
        problems.append("is a placeholder or a well-known value")
    elif secret and rule.min_length and not rule.url_schemes and _entropy_bits(text) < MIN_SECRET_BITS:
        problems.append("is too regular to be random; make one: openssl rand -hex 32")
    return problems


def _url_violations(text: str, schemes: tuple[str, ...]) -> list[str]:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return ["is not a URL (is every part percent-encoded?)"]
    if parts.scheme not in schemes:
        return [f"does not begin with {' or '.join(f'{scheme}://' for scheme in schemes)}"]
    if not parts.hostname or port == 0 or parts.fragment:
        return ["is not a URL with a host (is every part percent-encoded?)"]
    if (parts.password or "").lower() in COMMON_SECRETS:
        return ["contains a well-known password"]
    return []


def _entropy_bits(text: str) -> float:
    """Return the entropy of *text* in bits, as if its characters were drawn independently."""
    length = len(text)
    return -sum(count * math.log2(count / length) for count in Counter(text).values())
