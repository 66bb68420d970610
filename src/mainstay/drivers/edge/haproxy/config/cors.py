"""Cross-origin requests (CORS): a front door answers preflight requests and replaces the CORS headers of services."""

from mainstay.drivers.edge.haproxy.config.syntax import lines, quoted
from mainstay.model import Cors

_PREFLIGHT = "{ method OPTIONS } { var(txn.origin) -m found } { req.hdr(access-control-request-method) -m found }"


def origin_rules(cors: Cors | None) -> str:
    """Return the rule that stores the origin. It must come first, so that a rejected request gets CORS headers too."""
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
    """Return the rules that set the CORS headers of responses to listed origins and remove those of the service."""
    if cors is None:
        return ""
    set_header = "http-after-response set-header Access-Control-"
    listed = f" if {{ var(txn.origin) -m found }}{_listed(cors)}"
    origin = "*" if cors.origins == ("*",) else "%[var(txn.origin)]"
    rules = [
        "http-after-response del-header access-control- -m beg if !{ var(txn.preflight) -m bool }",
        f"{set_header}Allow-Origin {origin}{listed}",
        # Without `Vary`, a cache could answer one origin with the response for another.
        "http-after-response add-header Vary Origin if !{ res.hdr(vary) -m str -i origin }",
    ]
    if cors.credentials:
        rules.append(f"{set_header}Allow-Credentials true{listed}")
    if cors.expose:
        rules.append(f"{set_header}Expose-Headers {quoted(', '.join(cors.expose))}{listed}")
    return lines(*rules)


def _listed(cors: Cors, *, not_: bool = False) -> str:
    """Return the condition that the origin is listed, or with *not_* that it is not.

    It begins with a space, or is empty if it is always true.
    """
    if cors.origins == ("*",):
        return " { always_false }" if not_ else ""
    return f" {'!' if not_ else ''}{{ var(txn.origin) -m str {' '.join(map(quoted, cors.origins))} }}"
