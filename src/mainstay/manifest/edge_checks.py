"""Rules on the edge that concern files, or several of its keys at once."""

from collections.abc import Iterator

from mainstay.manifest.edge.error_pages import BadPage, read_page
from mainstay.manifest.messages import Violation
from mainstay.manifest.scope import Scope
from mainstay.model.redirect import loop

_OTHER = "any.invalid"
"""Represents each host that no route and no redirect names."""


def edge_checks(scope: Scope) -> Iterator[Violation]:
    """Yield every violation in the parts of the edge."""
    yield from _https(scope)
    yield from _pages(scope)
    yield from _redirects(scope)


def _https(scope: Scope) -> Iterator[Violation]:
    edge, tls = scope.system.edge, scope.system.edge.tls
    encrypts = tls is not None and tls.mode != "off"
    if edge.https is not None and not encrypts:
        remedy = "add tls: {mode: internal}, or mode: files"
        yield Violation(("edge", "https"), "https-needs-tls", "'https' needs a certificate", remedy, at_key=True)
    if encrypts and edge.https is None:
        remedy = "add https: 443 below edge, or https: auto"
        yield Violation(("edge", "tls"), "https-needs-tls", "'tls' needs a port", remedy, at_key=True)
    if tls is None:
        return
    given = tls.certificate is not None, tls.key is not None
    if tls.mode == "files" and not all(given):
        what = "the mode files needs 'certificate' and 'key'"
        yield Violation(("edge", "tls", "mode"), "tls-files", what, "name both files")
    if tls.mode != "files" and any(given):
        what = f"the mode {tls.mode} uses no files"
        yield Violation(("edge", "tls", "mode"), "tls-files", what, "write mode: files, or remove the files")


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
