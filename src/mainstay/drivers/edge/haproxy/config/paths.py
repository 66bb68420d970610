"""The comparison of a request's path and host with the routes."""

from urllib.parse import unquote

from mainstay.drivers.edge.haproxy.config.syntax import quoted
from mainstay.model import Route


def path_rules(routes: list[Route]) -> str:
    """Return the rules that set `txn.route`: the decoded and normalized path, with `/` at its end.

    The request is forwarded as the client sent it. A path is rejected when it cannot be decoded, and when its route
    depends on whether the service treats an encoded slash as a slash, or resolves `..`: such a path could bypass the
    rules of a route.
    """
    bases = sorted({_base(route) for route in routes} - {"/"})
    if not bases:
        return ""
    slash = "if { var(txn.sent) -m sub -i %2f }"
    normalize = [f"normalize-uri {each}" for each in ("path-merge-slashes", "path-strip-dot")]
    rules = [
        "deny deny_status 400 if { path -m reg -i %(00|[^0-9a-f]|[0-9a-f]([^0-9a-f]|$)|$) }",
        # A service that does not resolve `..` would see another path than the one that is compared here.
        "deny deny_status 400 if { path,url_dec -m reg (^|/)\\.\\.(/|$) }",
        "set-var(txn.sent) pathq",
        "normalize-uri percent-decode-unreserved",
        *normalize,
        "set-var(txn.route) path,url_dec,concat(/)",
        f"set-var(txn.kept) path,regsub(%2f,%252f,gi),url_dec,concat(/) {slash}",
        f"set-path %[path,regsub(%2f,/,gi)] {slash}",
        *(f"{each} {slash}" for each in normalize),
        f"set-var(txn.route) path,url_dec,concat(/) {slash}",
        "set-pathq %[var(txn.sent)] if { var(txn.sent) -m beg / }",
    ]
    for base in bases:
        decoded, kept = (f"{{ var(txn.{name}) -m beg {quoted(base)} }}" for name in ("route", "kept"))
        rules += [f"deny deny_status 400 {slash} {one}" for one in (f"{decoded} !{kept}", f"!{decoded} {kept}")]
    return "".join(f"  http-request {rule}\n" for rule in rules)


def condition(route: Route) -> str:
    """Return the condition under which a request matches *route*."""
    base = _base(route)
    path = '{ path_beg "/" }' if base == "/" else f"{{ var(txn.route) -m beg {quoted(base)} }}"
    return path + (f" {{ req.hdr(host),host_only -i -m str {quoted(route.host)} }}" if route.host else "")


def _base(route: Route) -> str:
    """Return the route's path decoded, with `/` at its end: what `txn.route` begins with when the route matches."""
    return unquote(route.path).rstrip("/") + "/"
