"""Render the redirects of a front door."""

from mainstay.drivers.edge.haproxy.config.paths import condition
from mainstay.drivers.edge.haproxy.config.syntax import fixed, lines, quoted
from mainstay.model import Redirect
from mainstay.model.matching import in_order, prefix

_QUERY = "%[query,regsub(^,?)]"
"""The query with `?` before it; empty without a query."""


def redirect_rules(redirects: tuple[Redirect, ...]) -> str:
    """Return the rules that redirect requests. They need the variables that `path_rules` sets."""
    return lines(*(f"http-request {rule}" for redirect in in_order(redirects) for rule in _redirect(redirect)))


def _redirect(redirect: Redirect) -> list[str]:
    answer, when = f"redirect code {redirect.code} location", condition(redirect)
    if not redirect.keep_path:
        return [f"{answer} {fixed(redirect.to)} if {when}"]
    own = prefix(redirect)
    rest = f"%[var(req.plain),bytes({len(own)})]{_QUERY}"
    exact = [f"{answer} {fixed(redirect.to)}{_QUERY} if {when} {{ var(req.plain) -m str {quoted(own)} }}"]
    return [
        # Browsers read a backslash as a slash: the location `/\evil.example` would lead to another host.
        f"deny deny_status 400 if {when} {{ var(req.plain) -m sub {quoted(chr(92))} }}",
        *(exact if own else []),
        f"{answer} {fixed(redirect.to.rstrip('/'))}{rest} if {when}",
    ]
