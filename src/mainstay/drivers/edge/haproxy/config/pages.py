"""The pages that the edge itself sends: HTML, or a problem document (RFC 9457) for clients that accept only JSON."""

import base64
import json
import re
from http import HTTPStatus

from mainstay.drivers.edge.haproxy.config.syntax import lines
from mainstay.model import Edge
from mainstay.model.error_page import STATUSES

RETRY_AFTER_S = 5
MARK = "X-Mainstay-Page"
"""Marks a response whose body is a problem document until its type is set; removed before it is sent."""
TITLES = {
    400: "Bad request",
    403: "Forbidden",
    404: "Not found",
    408: "Request timeout",
    413: "Request too large",
    429: "Too many requests",
    500: "Internal error",
    502: "Bad gateway",
    503: "Back in a moment",
    504: "Gateway timeout",
}
"""The title of each plain page, by status."""
_TEXTS = {
    400: "The server cannot read this request.",
    403: "This request is not allowed.",
    404: "There is nothing here",
    408: "The request did not arrive in time.",
    413: "The request is larger than allowed.",
    429: "Please wait before trying again.",
    500: "Something went wrong.",
    502: "The service sent no valid response.",
    503: "Please try again.",
    504: "The service did not respond in time.",
}


def error_pages(edge: Edge) -> str:
    """Return the lines for `defaults` that set the body of each error."""
    own = {page.status: page.text for page in edge.pages}
    return lines(*(_error(status, own.get(status) or plain(status)) for status in STATUSES))


def page_rules() -> str:
    """Return the rules of a front door that choose the form of its error pages."""
    return lines(
        "http-request set-var(txn.json) bool(true) if { req.hdr(accept) -m sub json } !{ req.hdr(accept) -m sub html }"
    )


def type_rules() -> list[str]:
    """Return the rules for all responses that set the type of a problem document."""
    return [
        f"http-after-response set-header Content-Type application/problem+json if {{ res.hdr({MARK}) -m found }}",
        f"http-after-response del-header {MARK}",
    ]


def plain(status: int, text: str = "") -> str:
    """Return the page for *status* of a system that has none of its own; *text* is HTML and replaces its sentence."""
    title = TITLES[status]
    return f"<!doctype html><title>{title}</title><h1>{title}</h1><p>{text or _TEXTS[status]}</p>"


def variable_page(status: int, variable: str) -> str:
    """Return the response with *status* whose page is in *variable* in Base64, for clients that do not want JSON."""
    problem = base64.b64encode(_problem(status).encode()).decode()
    # A variable cannot be an argument of `iif`, so the page is added where no problem document is sent.
    return f"status {status} {_body(f'%[var(txn.json,0),iif({problem},),b64dec]%[var({variable}),b64dec]', status)}"


def _problem(status: int) -> str:
    return json.dumps({"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status})


def _error(status: int, page: str) -> str:
    problem = _problem(status)
    # HAProxy would encode a control character in the value of a variable, so each stays outside of it.
    breaks = {"\n": "\\n", "\t": "\\t"}
    parts = re.split("([\n\t])", page)
    body = _either(problem, parts[0])
    body += "".join(breaks.get(part) or _either("", part) for part in parts[1:] if part)
    return f"http-error status {status} {_body(body, status)}"


def _body(body: str, status: int) -> str:
    """Return the part of a response that sets its body and headers."""
    retry = f" hdr Retry-After {RETRY_AFTER_S}" if status == 503 else ""
    return (
        'content-type "text/html; charset=utf-8" '
        f'lf-string "{body}" hdr Cache-Control no-store hdr {MARK} "%[var(txn.json)]"{retry}'
    )


def _either(problem: str, page: str) -> str:
    """Return the expression for a part of a body, in Base64 since a page may contain anything that has a meaning."""
    texts = ",".join(base64.b64encode(text.encode()).decode() for text in (problem, page))
    return f"%[var(txn.json,0),iif({texts}),b64dec]"
