"""The key `headers` of the edge: check and expand the response headers that the front doors add."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from mainstay.manifest.base import rule_error
from mainstay.manifest.scalars import as_written, shown

STRICT = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    # The filters that this header controls had holes of their own; browsers have removed them.
    "X-XSS-Protection": "0",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
MOST_BYTES = 4096
"""The most bytes of all declared headers together: the edge adds them to a response in a buffer of 16 KB."""
_FRAME = "HTTP sets it for each connection; leave it out"
_INSTEAD = {
    **dict.fromkeys(
        ("connection", "content-length", "content-encoding", "content-range", "date", "keep-alive"), _FRAME
    ),
    **dict.fromkeys(("te", "trailer", "transfer-encoding", "upgrade"), _FRAME),
    **dict.fromkeys(("content-type", "location", "set-cookie", "vary"), "it differs between responses; leave it out"),
    "strict-transport-security": "use edge.tls",
    "x-request-id": "Mainstay sets it; leave it out",
    "retry-after": "it differs between responses; leave it out",
}
"""Headers that the key `headers` may not set, in lower case, each with the remedy."""


def header_name(value: str) -> str:
    """Return *value* if it is the name of a header. Raises PydanticCustomError otherwise."""
    if not _NAME.fullmatch(value):
        raise rule_error("bad-header", f"{shown(value)} is not the name of a header", "use letters, digits and '-'")
    return value


def _settable(value: str) -> str:
    name = header_name(value).lower()
    instead = "use edge.cors" if name.startswith("access-control-") else _INSTEAD.get(name)
    if instead or name.startswith("x-mainstay-"):
        raise rule_error("bad-header", f"{value} cannot be set here", instead or "Mainstay sets it; leave it out")
    return value


def _value(value: object) -> object:
    if value is False:
        return None
    text = as_written(value)
    if not isinstance(text, str):
        raise rule_error(
            "bad-header",
            f"a header's value must be text, found {shown(value)}",
            "quote it, or write false to remove the header",
        )
    if not text or not text.isascii() or not text.isprintable() or text != text.strip():
        what = f"{shown(text)} is not the value of a header"
        raise rule_error("bad-header", what, "use printable ASCII characters on one line")
    return text


def _expanded(value: Any) -> Any:
    """Return the mapping of headers that `strict` or `none` stands for; a mapping is returned as it is."""
    if isinstance(value, str):
        if value not in ("strict", "none"):
            raise rule_error("not-one-of", f"{shown(value)} is not known", "write strict, none, or {NAME: VALUE}")
        return {} if value == "strict" else None
    if value is None:
        raise rule_error("empty", "'headers' is empty", "write headers: strict")
    return value


def _each_once(value: dict[str, str | None] | None) -> dict[str, str | None] | None:
    names: dict[str, str] = {}
    for name in value or ():
        if other := names.get(name.lower()):
            raise rule_error("given-twice", f"{other} and {name} are the same header", "keep one")
        names[name.lower()] = name
    if (size := sum(len(name) + len(text) for name, text in to_headers(value))) > MOST_BYTES:
        what = f"the headers have {size:,} characters together, the limit is {MOST_BYTES:,}"
        raise rule_error("headers-too-large", what, "shorten them")
    return value


HeaderName = Annotated[str, AfterValidator(header_name), WithJsonSchema({"type": "string", "pattern": _NAME.pattern})]
_Settable = Annotated[str, AfterValidator(_settable)]
_Value = Annotated[str | None, BeforeValidator(_value)]
Headers = Annotated[
    dict[_Settable, _Value] | None,
    AfterValidator(_each_once),
    BeforeValidator(_expanded),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": ["strict", "none"]},
                {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}},
            ]
        }
    ),
]
"""The value of `headers`: None adds no headers; a mapping changes the strict ones, and None in it removes one."""


def to_headers(written: dict[str, str | None] | None) -> tuple[tuple[str, str], ...]:
    """Return the names and values of the headers that *written*, the value of the key `headers`, declares."""
    if written is None:
        return ()
    own = {name.lower() for name in written}
    kept = {name: value for name, value in STRICT.items() if name.lower() not in own}
    return tuple((name, value) for name, value in {**kept, **written}.items() if value is not None)
