"""Check the rules on TLS at the front door that concern several keys of the edge at once."""

from collections.abc import Iterator

from mainstay.manifest.edge.edge import EdgeSection
from mainstay.manifest.edge.tls import TlsSection
from mainstay.manifest.messages import Violation, did_you_mean
from mainstay.manifest.scalars import shown
from mainstay.manifest.scope import Scope
from mainstay.manifest.yaml_tree import Location

_MODE: Location = ("edge", "tls", "mode")
_CERTIFICATES: Location = ("edge", "tls", "certificates")
_OF_ACME = ("agree_terms", "email", "directory", "ca", "dns", "eab")


def tls_checks(scope: Scope) -> Iterator[Violation]:
    """Yield every violation of the rules on `tls`, `https`, and the hosts of routes and redirects."""
    edge = scope.system.edge
    yield from _port(edge)
    if edge.tls is None:
        return
    if not any(where[:2] == ("edge", "tls") for where in scope.doubtful):
        yield from _files(edge.tls)
    if edge.tls.mode == "acme":
        yield from _acme(edge, edge.tls)
        yield from _external_account(scope, edge.tls)
    elif given := [key for key in _OF_ACME if key in edge.tls.model_fields_set]:
        what = f"'{given[0]}' works only with the mode acme, not with {edge.tls.mode}"
        yield Violation(_MODE, "tls-acme", what, f"write mode: acme, or remove {', '.join(given)}")


def _port(edge: EdgeSection) -> Iterator[Violation]:
    encrypts = edge.tls is not None and edge.tls.mode != "off"
    if edge.https is not None and not encrypts:
        remedy = "add tls: {mode: internal}, or mode: files or acme"
        yield Violation(("edge", "https"), "https-needs-tls", "'https' needs a certificate", remedy, at_key=True)
    if encrypts and edge.https is None:
        remedy = "add https: 443 below edge, or https: auto"
        yield Violation(
            ("edge", "tls"), "https-needs-tls", "'tls' has no effect without 'https', its port", remedy, at_key=True
        )


def _files(tls: TlsSection) -> Iterator[Violation]:
    given = tls.certificate is not None, tls.key is not None
    if tls.mode == "files" and not tls.certificates and not all(given):
        yield Violation(_MODE, "tls-files", "the mode files needs 'certificate' and 'key'", "name both files")
    if tls.certificates and any(given):
        what = "'certificates' replaces 'certificate' and 'key'"
        yield Violation(_CERTIFICATES, "tls-files", what, "move them into the list", at_key=True)
    seen: set[str] = set()
    for position, each in enumerate(tls.certificates):
        if each.certificate in seen:
            what = f"the certificate {shown(each.certificate)} is listed twice"
            yield Violation((*_CERTIFICATES, position), "given-twice", what, "keep one")
        seen.add(each.certificate)
    if tls.mode != "files" and (any(given) or tls.certificates):
        what = f"the mode {tls.mode} uses no files"
        yield Violation(_MODE, "tls-files", what, "write mode: files, or remove the files")


def _acme(edge: EdgeSection, tls: TlsSection) -> Iterator[Violation]:
    if not tls.agree_terms:
        remedy = "read the authority's terms, then write agree_terms: true"
        yield Violation(_MODE, "terms-not-agreed", "the mode acme needs 'agree_terms: true'", remedy)
    hosts = [*_hosts(edge)]
    if edge.routes and not any(host for _, host in hosts):
        what = "the mode acme needs a host at the main front door: a certificate is for names"
        yield Violation(_MODE, "acme-needs-a-host", what, "add host: shop.example to a route")
    for where, host in hosts:
        if host.startswith("*") and tls.dns is None:
            what = f"{host} needs 'edge.tls.dns': authorities check wildcards by DNS only"
            yield Violation(where, "wildcard-needs-dns", what, "add dns: {set: […], clear: […]} below edge.tls")


def _external_account(scope: Scope, tls: TlsSection) -> Iterator[Violation]:
    if tls.eab is None:
        return
    where: Location = ("edge", "tls", "eab")
    if "directory" not in tls.model_fields_set:
        what = "'eab' needs 'directory': Let's Encrypt knows no accounts that were made elsewhere"
        yield Violation(where, "eab-needs-directory", what, "name the address of your authority", at_key=True)
    name = tls.eab.key
    if name not in scope.variables:  # The name may be the key itself, so the message does not repeat it.
        what = "'key' names a variable that 'variables' does not declare"
        yield Violation((*where, "key"), "unknown-variable", what, did_you_mean(name, scope.variables))
    elif (variable := scope.system.variables.get(name)) and (not variable.secret or variable.generate):
        what = f"the authority gives {name}, so it must be secret, and cannot be generated"
        yield Violation((*where, "key"), "not-secret", what, f"write variables: {{{name}: {{secret: true}}}}")


def _hosts(edge: EdgeSection) -> Iterator[tuple[Location, str]]:
    """Yield the hosts that the certificates must name, each with its location: those of the main front door."""
    for position, route in enumerate(edge.routes):
        if route.listen in {None, edge.http}:
            yield ("edge", "routes", position, "host"), route.host or ""
    for position, redirect in enumerate(edge.redirects):
        yield ("edge", "redirects", position, "from"), redirect.to_redirect().host
