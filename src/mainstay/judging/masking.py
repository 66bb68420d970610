"""Hides secrets in the message about a failed smoke flow, by the names of headers and keys and by secret values."""

import json
import re
from collections.abc import Iterable, Iterator
from http.cookies import CookieError, SimpleCookie
from typing import Any

MASK = "••••"
SECRET_NAME = re.compile(
    r"pass(word|wd|phrase|code)?|secret|token|api.?key|private.?key|authoriz|cookie|credential|session|jwt|otp|bearer|signature",
    re.IGNORECASE,
)
SHORTEST = 4
"""Minimum length of a secret value that is hidden in texts; a shorter one would hide parts of ordinary words."""
_SCHEMES = re.compile(r"\b(Bearer|Basic|Digest)\s+[^\s\",]{6,}", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*")
_PAIR = re.compile(rf"(?i)(\b[\w.-]*(?:{SECRET_NAME.pattern})[\w.-]*[\"']?\s*[=:]\s*[\"']?)([^\s&\"',;}}]+)")


def is_secret_name(name: str) -> bool:
    """Return whether the value of a header, a key or a variable of this name is a secret."""
    return SECRET_NAME.search(name) is not None


def secrets_of(document: Any, *, named: bool = False) -> Iterator[str]:
    """Yield the strings in a JSON document below keys that name a secret. *named*: *document* is below such a key."""
    match document:
        case dict():
            for key, value in document.items():
                yield from secrets_of(value, named=named or is_secret_name(str(key)))
        case list() | tuple():
            for value in document:
                yield from secrets_of(value, named=named)
        case str() if named:
            yield document


def secrets_in(headers: Iterable[tuple[str, str]], body: bytes) -> Iterator[str]:
    """Yield the secrets in a request or a response: values of secret headers and keys, and cookies."""
    for name, value in headers:
        if is_secret_name(name):
            yield value
        if name.lower() in ("cookie", "set-cookie"):
            yield from cookies_in(value).values()
    try:
        yield from secrets_of(json.loads(body or b"null"))
    except (ValueError, RecursionError):
        return


def cookies_in(header: str) -> dict[str, str]:
    """Return the cookies in a header `Cookie` or `Set-Cookie`; none when it is malformed."""
    try:
        return {each.key: each.coded_value for each in SimpleCookie(header).values()}
    except CookieError:
        return {}


def masked_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, MASK if is_secret_name(name) else value) for name, value in headers]


def masked_body(body: bytes) -> str:
    """Return a body as text; if it is JSON, `MASK` replaces the strings of keys that name a secret."""
    text = body.decode(errors="replace")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return json.dumps(_masked(document), ensure_ascii=False)


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return *text* with `MASK` for *secrets*, HTTP credentials (`Bearer …`), JWTs, and values of secret names."""
    for secret in sorted({each for each in secrets if len(each) >= SHORTEST}, key=len, reverse=True):
        text = text.replace(secret, MASK)
        if (quoted := json.dumps(secret)[1:-1]) != secret:
            text = text.replace(quoted, MASK)
    text = _SCHEMES.sub(rf"\1 {MASK}", text)
    return _PAIR.sub(rf"\1{MASK}", _JWT.sub(MASK, text))


def _masked(document: Any) -> Any:
    match document:
        case dict():
            return {
                key: MASK if is_secret_name(str(key)) and isinstance(value, str) else _masked(value)
                for key, value in document.items()
            }
        case list():
            return [_masked(each) for each in document]
    return document
