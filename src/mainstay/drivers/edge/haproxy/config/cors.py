"""Cross-origin requests at a front door: preflight requests are answered, and the service's CORS headers replaced."""

from mainstay.drivers.edge.haproxy.config.syntax import lines, quoted
from mainstay.model import Cors

_PREFLIGHT = "{ method OPTIONS } { var(txn.origin) -m found } { req.hdr(access-control-request-method) -m found }"


def origin_rules(cors: Cors | None) -> str:
    """Return the rules that must be first, so that the response to a rejected request has CORS headers too."""
    rule = "http-request set-var(txn.origin) req.fhdr(origin) if { req.fhdr(origin) -m found }"
    return lines(rule) if cors else ""


def preflight_rules(cors: Cors | None) -> str:
    """Return the rules that answer preflight requests: 204 for the listed origins, 403 for others."""
    if cors is None:
        return ""
    answer = {
        "Access-Control-Allow-Methods": ", ".join(cors.methods),
        "Access-Control-Allow-Headers": ", ".join(cors.headers),
        "Access-Control-Max-Age": f"{cors.max_age_s:.0f}",
    }
    headers = " ".join(f"hdr {name} {quoted(value)}" for name, value in answer.items() if value)
    return lines(
        # Only the edge's own response contains these headers, so that no service can add to them.
        f"http-request set-var(txn.preflight) bool(true) if {_PREFLIGHT}",
        f"http-request deny deny_status 403 if {{ var(txn.preflight) -m bool }}{_listed(cors, not_=True)}",
        f"http-request return status 204 {headers} if {{ var(txn.preflight) -m bool }}",
    )


def cors_rules(cors: Cors | None) -> str:
    """Return the rules for responses."""
    if cors is None:
        return ""
    set_header = "http-after-response set-header Access-Control-"
    listed = f" if {{ var(txn.origin) -m found }}{_listed(cors)}"
    origin = "*" if cors.origins == ("*",) else "%[var(txn.origin)]"
    rules = [
        "http-after-response del-header access-control- -m beg if !{ var(txn.preflight) -m bool }",
        f"{set_header}Allow-Origin {origin}{listed}",
        # Without it a cache could answer one origin with the response for another.
        "http-after-response add-header Vary Origin if !{ res.hdr(vary) -m str -i origin }",
    ]
    if cors.credentials:
        rules.append(f"{set_header}Allow-Credentials true{listed}")
    if cors.expose:
        rules.append(f"{set_header}Expose-Headers {quoted(', '.join(cors.expose))}{listed}")
    return lines(*rules)


def _listed(cors: Cors, *, not_: bool = False) -> str:
    """Return the condition that the origin is listed, with a space before it; empty when every origin is."""
    if cors.origins == ("*",):
        return " { always_false }" if not_ else ""
    return f" {'!' if not_ else ''}{{ var(txn.origin) -m str {' '.join(map(quoted, cors.origins))} }}"
