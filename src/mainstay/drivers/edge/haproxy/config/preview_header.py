"""Render the rules for the signed header by which calls made for a previewed request reach previewed revisions too.

The preview door adds the header to each request. A service forwards it with its calls, and each listener checks it.
Its value is `EXPIRES.SIGNATURE`; the signed text also contains what the header permits (`Allowed`). Services do not
have the key, so they cannot create a header.
"""

from mainstay.drivers.edge.haproxy.access_lines import RELEASE
from mainstay.drivers.edge.haproxy.config.common import BY_INSTANCE
from mainstay.drivers.edge.haproxy.config.syntax import lines, remove_headers
from mainstay.drivers.edge.haproxy.preview_key import HEADER, KEY, Allowed
from mainstay.drivers.edge.haproxy.slots import BEHIND_PREVIEW, backend_of
from mainstay.model import Edge
from mainstay.model.signals import PREVIEW

VALID_S = 300
"""Seconds for which a signature is valid: the time that a service has for its calls while it handles one request."""
SENT_BY_MAINSTAY = "{ var(req.own) -m bool }"
"""The condition that Mainstay itself sent the request to the front door: its header is signed for `front`."""
REPLACED = "replaced"
"""The value of the header with which a request to the preview door chooses the replaced revisions."""
_REMOVE = remove_headers(HEADER.lower())
_GENUINE = "{ var(txn.preview) -m found }"
_REPLACED = "{ var(req.replaced) -m bool }"
_READ_KEY = f"http-request set-var(req.preview_key) str(key),map({KEY})"
_MARK = f"http-request set-var(txn.matched) str({PREVIEW})"
"""The rule that sets the route in the access log to `preview`."""


def recognise_own() -> str:
    """Return the rules of a front door that recognise Mainstay's own requests, and always remove the header."""
    return lines(*_given(), *_allowed("front", "own"))


def sign_header(edge: Edge) -> str:
    """Return the rules of the preview door, which give each request a new header and mark it in the access log."""
    header = 'http-request set-var-fmt(txn.preview) "%[var(req.expires)].%[var(req.expires),{}]"'
    return lines(
        f"http-request set-var(req.replaced) bool(true) if {{ req.hdr({HEADER}) -m str {REPLACED} }}",
        *_REMOVE,
        _READ_KEY,
        f'http-request set-var-fmt(req.expires) "%[date({VALID_S})]"',
        header.format(_signature("preview")),
        f"{header.format(_signature('replaced'))} if {_REPLACED}",
        f"http-request set-header {HEADER} %[var(txn.preview)]",
        _MARK,
        *_release_header(edge),
    )


def check_header(edge: Edge) -> str:
    """Return the rules of a listener, which store a valid header in `txn.preview` and remove any other."""
    return lines(
        *_given(),
        *_allowed("preview", "new"),
        *_allowed("replaced", "replaced"),
        f"http-request set-var(txn.preview) var(req.given) if {{ var(req.new) -m bool }} or {_REPLACED}",
        f"http-request set-header {HEADER} %[var(txn.preview)] if {_GENUINE}",
        f"{_MARK} if {_GENUINE}",
        *_release_header(edge),
    )


def follow(service: str, condition: str = _GENUINE) -> str:
    """Return the rules that send requests that meet *condition* to the previewed or replaced revision of *service*.

    They have no effect while that revision has no server that can receive requests.
    """
    new, old = (backend_of(service, side) for side in BEHIND_PREVIEW)
    return lines(
        f"use_backend {old} if {condition} {_REPLACED} {{ nbsrv({old}) gt 0 }}",
        f"use_backend {new} if {condition} !{_REPLACED} {{ nbsrv({new}) gt 0 }}",
    )


def _given() -> list[str]:
    """Return the rules that store a well-formed header and its expiry in variables and remove it from the request."""
    one = f"{{ req.hdr_cnt({HEADER}) eq 1 }} {{ req.hdr({HEADER}) -m reg ^[0-9]{{10}}\\.[0-9a-f]{{64}}$ }}"
    given = "{ var(req.given) -m found }"
    return [
        f"http-request set-var(req.given) req.hdr({HEADER}) if {one}",
        *_REMOVE,
        f"{_READ_KEY} if {given}",
        f"http-request set-var(req.expires) var(req.given),field(1,.) if {given}",
    ]


def _allowed(what: Allowed, variable: str) -> list[str]:
    """Return the rules that set `req.`*variable* if the header is signed for *what* and has not expired."""
    signed = "{ var(req.given),field(2,.),secure_memcmp(req.signed) } { date,neg,add(req.expires) gt 0 }"
    return [
        f"http-request set-var(req.signed) var(req.expires),{_signature(what)} if {{ var(req.given) -m found }}",
        f"http-request set-var(req.{variable}) bool(true) if {signed}",
    ]


def _signature(what: Allowed) -> str:
    return f"concat(.{what}),hmac(sha256,req.preview_key),hex,lower"


def _release_header(edge: Edge) -> tuple[str, ...]:
    """Return the rule that adds the release to responses; none if the manifest adds it to every response already."""
    rule = f"http-response set-header X-Mainstay-Release {RELEASE} if {_GENUINE} {BY_INSTANCE}"
    return () if edge.release_header else (rule,)
