"""Redaction: replaces known secrets by dots, in every encoding in which they may appear."""

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus, unquote, urlsplit

from mainstay_kit.variables.secret import Secret, revealed

MASK = "••••"
MIN_LENGTH = 6
SENSITIVE = re.compile(
    r"(?i)passw|secret|token|authori[sz]ation|cookie|api[-_]?key|private[-_]?key|credential|session[-_]?id"
).search


class Redactor:
    """Masks the values of secrets in text, whether plain or percent-, JSON-, hex- or base64-encoded.

    If a secret is a URL, its password is masked on its own as well. Values under six characters are not masked: they
    would match parts of nearly every line.
    """

    def __init__(self, secrets: Iterable[Secret | str] = ()) -> None:
        encoded = {revealed(secret) for secret in secrets}
        values = encoded | {password for value in encoded for password in _passwords(value)}
        encodings = {encoding for value in values for encoding in _encodings(value) if len(value) >= MIN_LENGTH}
        longest_first = sorted(encodings, key=lambda encoding: (-len(encoding), encoding))
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if encodings else None

    def text(self, text: str) -> str:
        return self._pattern.sub(MASK, text) if self._pattern is not None else text

    def value(self, name: str, value: object) -> object:
        """Return *value* for a log field *name*: masked if the name is that of a secret, else free of known secrets."""
        if SENSITIVE(name):
            return MASK
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {str(key): self.value(str(key), item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(name, item) for item in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.text(str(value))


def _passwords(value: str) -> Iterable[str]:
    """Return the password in *value*, encoded and decoded, if that is a URL with one; else nothing."""
    try:
        password = urlsplit(value).password if "://" in value else None
    except ValueError:
        return ()
    return (password, unquote(password)) if password else ()


def _encodings(value: str) -> Iterable[str]:
    raw = value.encode()
    yield from (value, quote(value, safe=""), quote(value), quote_plus(value), raw.hex(), raw.hex().upper())
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield from (line for line in value.splitlines() if len(line) >= MIN_LENGTH)
    for shift in range(3):  # a secret inside a longer text begins at any of three offsets of a base64 group
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(b"\0" * shift + raw).decode().rstrip("=")
            inner = encoded[(0, 2, 3)[shift] : len(encoded) - (1 if (shift + len(raw)) % 3 else 0)]
            if len(inner) >= MIN_LENGTH:
                yield inner
