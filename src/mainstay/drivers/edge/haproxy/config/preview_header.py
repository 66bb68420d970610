"""The signed header by which calls between services follow the preview door: signed there, checked at each listener.

Only HAProxy has the key. A service forwards the header of the request that it handles, and cannot make one.
"""

from mainstay.drivers.edge.haproxy.access_lines import RELEASE
from mainstay.drivers.edge.haproxy.config.syntax import lines
from mainstay.drivers.edge.haproxy.preview_key import KEY
from mainstay.drivers.edge.haproxy.slots import backend_of
from mainstay.model import Edge

HEADER = "X-Mainstay-Preview"
VALID_S = 300
"""Seconds for which a signature is valid, and so for which a service may call others for one request."""
_REMOVE = "http-request del-header ^x[-_]mainstay[-_]preview$ -m reg"
_GENUINE = "{ var(txn.preview) -m found }"
_SIGNATURE = "hmac(sha256,txn.preview_key),hex,lower"
_READ_KEY = f"http-request set-var(txn.preview_key) str(key),map({KEY})"


def refuse_header() -> str:
    """Return the rule of a front door: the header of a client is removed."""
    return lines(_REMOVE)


def sign_header(edge: Edge) -> str:
    """Return the rules of the preview door: every request has a fresh header, `EXPIRES.SIGNATURE`."""
    return lines(
        _REMOVE,
        _READ_KEY,
        f'http-request set-var-fmt(txn.expires) "%[date({VALID_S})]"',
        f'http-request set-var-fmt(txn.preview) "%[var(txn.expires)].%[var(txn.expires),{_SIGNATURE}]"',
        f"http-request set-header {HEADER} %[var(txn.preview)]",
        *_release_header(edge),
    )


def check_header(edge: Edge) -> str:
    """Return the rules of a listener: `txn.preview` is the header if it is genuine; any other is removed."""
    one = f"{{ req.hdr_cnt({HEADER}) eq 1 }} {{ req.hdr({HEADER}) -m reg ^[0-9]{{10}}\\.[0-9a-f]{{64}}$ }}"
    given = "{ var(txn.given) -m found }"
    signed = "{ var(txn.given),field(2,.),secure_memcmp(txn.signed) }"
    return lines(
        f"http-request set-var(txn.given) req.hdr({HEADER}) if {one}",
        _REMOVE,
        f"{_READ_KEY} if {given}",
        f"http-request set-var(txn.expires) var(txn.given),field(1,.) if {given}",
        f"http-request set-var(txn.signed) var(txn.expires),{_SIGNATURE} if {given}",
        f"http-request set-var(txn.preview) var(txn.given) if {signed} {{ date,neg,add(txn.expires) gt 0 }}",
        f"http-request set-header {HEADER} %[var(txn.preview)] if {_GENUINE}",
        *_release_header(edge),
    )


def follow(service: str, condition: str = _GENUINE) -> str:
    """Return the rule that sends requests to the previewed revision of *service* if it has a ready instance."""
    backend = backend_of(service, preview=True)
    return lines(f"use_backend {backend} if {condition} {{ nbsrv({backend}) gt 0 }}")


def _release_header(edge: Edge) -> tuple[str, ...]:
    """Return the rule that names the release that responded, unless every response names it."""
    return () if edge.release_header else (f"http-response set-header X-Mainstay-Release {RELEASE} if {_GENUINE}",)
