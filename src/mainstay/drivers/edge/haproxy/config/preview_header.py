"""The signed header by which calls between services follow the preview door: signed there, checked at each listener.

It is `EXPIRES.SIGNATURE`. The signed text also names what the header allows: to reach the new revisions, to reach the
replaced ones, or, at a front door, to be served in spite of limits. A service forwards the header of the request that
it handles; it has no key, so it can make none.
"""

from mainstay.drivers.edge.haproxy.access_lines import RELEASE
from mainstay.drivers.edge.haproxy.config.syntax import lines, remove_headers
from mainstay.drivers.edge.haproxy.preview_key import HEADER, KEY, Allowed
from mainstay.drivers.edge.haproxy.slots import BEHIND_PREVIEW, backend_of
from mainstay.model import Edge
from mainstay.model.signals import PREVIEW

VALID_S = 300
"""Seconds for which a signature is valid, and so for which a service may call others for one request."""
OWN = "{ var(txn.own) -m bool }"
"""The condition that Mainstay itself sent the request to a front door."""
REPLACED = "replaced"
"""The value with which a request asks the preview door for the replaced revisions."""
_REMOVE = remove_headers(HEADER.lower())
_GENUINE = "{ var(txn.preview) -m found }"
_REPLACED = "{ var(txn.replaced) -m bool }"
_READ_KEY = f"http-request set-var(txn.preview_key) str(key),map({KEY})"
_MARK = f"http-request set-var(txn.matched) str({PREVIEW})"
"""The rule that marks a request in the access log."""


def recognise_own() -> str:
    """Return the rules of a front door: a request of Mainstay itself is recognised, and the header always removed."""
    return lines(*_given(), *_allowed("front", "own"))


def sign_header(edge: Edge) -> str:
    """Return the rules of the preview door: every request has a fresh header."""
    header = 'http-request set-var-fmt(txn.preview) "%[var(txn.expires)].%[var(txn.expires),{}]"'
    return lines(
        f"http-request set-var(txn.replaced) bool(true) if {{ req.hdr({HEADER}) -m str {REPLACED} }}",
        *_REMOVE,
        _READ_KEY,
        f'http-request set-var-fmt(txn.expires) "%[date({VALID_S})]"',
        header.format(_signature("preview")),
        f"{header.format(_signature('replaced'))} if {_REPLACED}",
        f"http-request set-header {HEADER} %[var(txn.preview)]",
        _MARK,
        *_release_header(edge),
    )


def check_header(edge: Edge) -> str:
    """Return the rules of a listener: `txn.preview` is the header if it is genuine; any other is removed."""
    return lines(
        *_given(),
        *_allowed("preview", "new"),
        *_allowed("replaced", "replaced"),
        f"http-request set-var(txn.preview) var(txn.given) if {{ var(txn.new) -m bool }} or {_REPLACED}",
        f"http-request set-header {HEADER} %[var(txn.preview)] if {_GENUINE}",
        f"{_MARK} if {_GENUINE}",
        *_release_header(edge),
    )


def follow(service: str, condition: str = _GENUINE) -> str:
    """Return the rules that send requests to the previewed or replaced revision of *service* if it is ready."""
    new, old = (backend_of(service, side) for side in BEHIND_PREVIEW)
    return lines(
        f"use_backend {old} if {condition} {_REPLACED} {{ nbsrv({old}) gt 0 }}",
        f"use_backend {new} if {condition} !{_REPLACED} {{ nbsrv({new}) gt 0 }}",
    )


def _given() -> list[str]:
    """Return the rules that take a well-formed header from the request, and its parts."""
    one = f"{{ req.hdr_cnt({HEADER}) eq 1 }} {{ req.hdr({HEADER}) -m reg ^[0-9]{{10}}\\.[0-9a-f]{{64}}$ }}"
    given = "{ var(txn.given) -m found }"
    return [
        f"http-request set-var(txn.given) req.hdr({HEADER}) if {one}",
        *_REMOVE,
        f"{_READ_KEY} if {given}",
        f"http-request set-var(txn.expires) var(txn.given),field(1,.) if {given}",
    ]


def _allowed(what: Allowed, variable: str) -> list[str]:
    """Return the rules that set *variable* if the given header is signed for *what* and has not expired."""
    signed = "{ var(txn.given),field(2,.),secure_memcmp(txn.signed) } { date,neg,add(txn.expires) gt 0 }"
    return [
        f"http-request set-var(txn.signed) var(txn.expires),{_signature(what)} if {{ var(txn.given) -m found }}",
        f"http-request set-var(txn.{variable}) bool(true) if {signed}",
    ]


def _signature(what: Allowed) -> str:
    return f"concat(.{what}),hmac(sha256,txn.preview_key),hex,lower"


def _release_header(edge: Edge) -> tuple[str, ...]:
    """Return the rule that names the release that responded, unless every response names it."""
    return () if edge.release_header else (f"http-response set-header X-Mainstay-Release {RELEASE} if {_GENUINE}",)
