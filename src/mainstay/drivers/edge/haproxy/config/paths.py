"""The rules and conditions that compare the path and host of a request with routes and redirects."""

import re
from collections.abc import Iterable
from urllib.parse import unquote

from mainstay.drivers.edge.haproxy.config.syntax import quoted
from mainstay.model import Redirect, Route
from mainstay.model.matching import prefix


def path_rules(routes: Iterable[Route], redirects: Iterable[Redirect] = ()) -> str:
    """Return the rules that compute the paths that `condition` and other rules compare.

    `req.route` is the decoded and normalized path, with `/` at its end. `req.plain` is the normalized path in which
    only the characters that need it are encoded. The rules do not change the path that the service receives.

    The rules reject a path that cannot be decoded. They also reject a path that a service could read as one of another
    route, because it contains `..` or an encoded slash: such a path could bypass the rules of a route.
    """
    places: tuple[Route | Redirect, ...] = (*routes, *redirects)
    bases = sorted({_base(place) for place in places} - {"/"})
    uses_plain = any(_uses_plain(place) for place in places)
    if not bases and not uses_plain:
        return ""
    odd, slash = (f"{{ var(req.{name}) -m found }}" for name in ("odd", "slash"))
    normalize = [f"normalize-uri {each}" for each in ("path-merge-slashes", "path-strip-dot")]
    rules = [
        # Only an odd path needs the rules below, which cost more than all other rules together.
        "set-var(req.odd) bool(true) if { path -m sub % // /. .. }",
        f"deny deny_status 400 if {odd} {{ path -m reg -i %(00|[^0-9a-f]|[0-9a-f]([^0-9a-f]|$)|$) }}",
        # A service that does not resolve `..` would see another path than the one that is compared here.
        f"deny deny_status 400 if {odd} {{ path,url_dec -m reg (^|/)\\.\\.(/|$) }}",
        f"set-var(req.sent) pathq if {odd}",
        # Stored in a variable, because a variable is cheaper to read than the path is to search.
        f"set-var(req.slash) bool(true) if {odd} {{ var(req.sent) -m sub -i %2f }}",
        # Without `strict`, HAProxy 2.8 merges slashes instead if a condition follows. The first `deny` is as strict.
        f"normalize-uri percent-decode-unreserved strict if {odd}",
        *(f"{each} if {odd}" for each in normalize),
        *(["set-var(req.plain) path"] if uses_plain else []),
        "set-var(req.route) path,url_dec,concat(/)",
        f"set-var(req.kept) path,regsub(%2f,%252f,gi),url_dec,concat(/) if {slash}",
        f"set-path %[path,regsub(%2f,/,gi)] if {slash}",
        *(f"{each} if {slash}" for each in normalize),
        f"set-var(req.route) path,url_dec,concat(/) if {slash}",
        "set-pathq %[var(req.sent)] if { var(req.sent) -m beg / }",
    ]
    for base in bases:
        decoded, kept = (f"{{ var(req.{name}) -m beg {quoted(base)} }}" for name in ("route", "kept"))
        rules += [f"deny deny_status 400 if {slash} {one}" for one in (f"{decoded} !{kept}", f"!{decoded} {kept}")]
    return "".join(f"  http-request {rule}\n" for rule in rules)


def condition(place: Route | Redirect) -> str:
    """Return the condition under which a request matches *place*."""
    base = _base(place)
    path = '{ path_beg "/" }' if base == "/" else f"{{ var(req.route) -m beg {quoted(base)} }}"
    return path + _host_condition(place.host)


def _host_condition(host: str) -> str:
    if not host:
        return ""
    if host.startswith("*."):
        return f" {{ req.hdr(host),host_only -i -m reg {quoted(f'^[^.]+{re.escape(host[1:])}$')} }}"
    return f" {{ req.hdr(host),host_only -i -m str {quoted(host)} }}"


def _uses_plain(place: Route | Redirect) -> bool:
    return place.keep_path if isinstance(place, Redirect) else place.strip


def _base(place: Route | Redirect) -> str:
    """Return the decoded path of *place*, with `/` at its end. `req.route` of a matching request begins with it."""
    return unquote(prefix(place)) + "/"
