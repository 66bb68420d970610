"""Check the rules for the section `edge` that concern files, or several keys at once."""

from collections.abc import Iterator

from mainstay.manifest.edge.error_pages import BadPage, read_page
from mainstay.manifest.messages import Violation
from mainstay.manifest.scope import Scope
from mainstay.manifest.tls_checks import tls_checks
from mainstay.model.redirect import loop

_OTHER = "any.invalid"
"""A host name that represents every host that no route and no redirect names."""


def edge_checks(scope: Scope) -> Iterator[Violation]:
    """Yield every violation of the rules on TLS, error pages, and redirects (duplicates and loops)."""
    yield from tls_checks(scope)
    yield from _pages(scope)
    yield from _redirects(scope)


def _pages(scope: Scope) -> Iterator[Violation]:
    for status, name in scope.system.edge.errors.items():
        try:
            read_page(scope.folder, status, name)
        except BadPage as bad:
            yield Violation(("edge", "errors", status), bad.code, bad.what, bad.remedy)


def _redirects(scope: Scope) -> Iterator[Violation]:
    edge = scope.system.edge
    redirects = [each.to_redirect() for each in edge.redirects]
    declared = {*(each.host for each in redirects), *(route.host or "" for route in edge.routes)}
    hosts = sorted({_OTHER, *(host.replace("*", "any") or _OTHER for host in declared)})
    seen: dict[tuple[str, str], int] = {}
    for position, redirect in enumerate(redirects):
        where, own = ("edge", "redirects", position), (redirect.host, redirect.path)
        if own in seen:
            what = f"redirects {seen[own] + 1} and {position + 1} have the same 'from'"
            yield Violation(where, "given-twice", what, "keep one")
        elif path := loop(redirect, redirects, hosts):
            what = f"the redirect leads into a loop: {' → '.join(each.removeprefix(_OTHER) for each in path)}"
            yield Violation((*where, "to"), "redirect-loop", what, "change 'to' or 'from'")
        seen.setdefault(own, position)
