"""The pages that the edge itself sends: HTML, or a problem document (RFC 9457) to clients that accept only JSON."""

import base64
import json
import re
from http import HTTPStatus

from mainstay.drivers.edge.haproxy.config.syntax import lines
from mainstay.model import Edge
from mainstay.model.error_page import STATUSES

RETRY_AFTER_S = 5
"""The `Retry-After` of a 503, in seconds."""
MARK = "X-Mainstay-Page"
"""The header that marks a problem document until a rule has set its Content-Type and removed the mark."""
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
    """Return the lines of `defaults` that set the body of each error."""
    return lines(*(_error(status, page(edge, status)) for status in STATUSES))


def page(edge: Edge, status: int) -> str:
    """Return the page for *status*: the manifest's, else the plain one; empty for a status that has neither."""
    own = {each.status: each.text for each in edge.pages}
    return own.get(status) or (plain(status) if status in TITLES else "")


def page_rules() -> str:
    """Return the rule that remembers whether the client accepts only JSON, and so gets problem documents."""
    return lines(
        "http-request set-var(txn.json) bool(true) if { req.hdr(accept) -m sub json } !{ req.hdr(accept) -m sub html }"
    )


def type_rules() -> list[str]:
    """Return the rules that set the Content-Type of a marked problem document and remove the mark."""
    return [
        f"http-after-response set-header Content-Type application/problem+json if {{ res.hdr({MARK}) -m found }}",
        f"http-after-response del-header {MARK}",
    ]


def plain(status: int, text: str = "") -> str:
    """Return the edge's own plain page for *status*. *text*, which is HTML, replaces its usual sentence."""
    title = TITLES[status]
    return f"<!doctype html><title>{title}</title><h1>{title}</h1><p>{text or _TEXTS[status]}</p>"


def variable_page(status: int, variable: str) -> str:
    """Return the response of a `return` rule with *status*, whose HTML page HAProxy's *variable* holds in Base64."""
    document = base64.b64encode(problem(status).encode()).decode()
    # `iif` takes no variable as an argument. So the page is appended; *variable* is empty for clients that want JSON.
    return f"status {status} {_body(f'%[var(txn.json,0),iif({document},),b64dec]%[var({variable}),b64dec]', status)}"


def problem(status: int) -> str:
    """Return the problem document for *status*."""
    return json.dumps({"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status})


def _error(status: int, text: str) -> str:
    document = problem(status)
    # HAProxy would encode control characters in the result of an expression, so they are written between expressions.
    breaks = {"\n": "\\n", "\t": "\\t"}
    parts = re.split("([\n\t])", text)
    body = _either(document, parts[0])
    body += "".join(breaks.get(part) or _either("", part) for part in parts[1:] if part)
    return f"http-error status {status} {_body(body, status)}"


def _body(body: str, status: int) -> str:
    """Return the part of a response that sets its body and headers."""
    retry = f" hdr Retry-After {RETRY_AFTER_S}" if status == 503 else ""
    return (
        'content-type "text/html; charset=utf-8" '
        f'lf-string "{body}" hdr Cache-Control no-store hdr {MARK} "%[var(txn.json)]"{retry}'
    )


def _either(document: str, text: str) -> str:
    """Return the expression for a part of a body: *document* for clients that want JSON, else *text*.

    Both are in Base64, so that no character of a page has a meaning in the configuration.
    """
    texts = ",".join(base64.b64encode(each.encode()).decode() for each in (document, text))
    return f"%[var(txn.json,0),iif({texts}),b64dec]"
