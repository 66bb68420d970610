"""The edge of a release as its manifest declares it."""

from typing import Any

from mainstay.manifest.edge.headers import STRICT
from mainstay.manifest.scalars import duration
from mainstay.model import Edge, Route
from mainstay.model.acme import LETS_ENCRYPT, Acme
from mainstay.model.cors import Cors
from mainstay.model.limits import Limits
from mainstay.model.redirect import Redirect
from mainstay.model.tls import Tls
from mainstay.planning.declaration.scalars import command, listed, rate, size
from mainstay.planning.staleness import digest


def declared_edge(edge: Edge) -> dict[str, Any]:
    """Return the keys and values of the edge. Values that the manifest does not set are None or their default."""
    return {
        "http": _port(edge.http),
        "https": _https(edge),
        "bind": edge.address,
        "tls": _tls(edge.tls) if edge.tls else {},
        "routes": {_from(route): _to(route) for route in edge.routes},
        "redirects": {f"{each.host}{each.path}": _redirect(each) for each in edge.redirects},
        "timeouts": {
            "answer": duration(edge.answer_s),
            "body": duration(edge.body_s),
            "tunnel": duration(edge.tunnel_s),
        },
        "headers": _headers(dict(edge.headers)),
        "cors": _cors(edge.cors) if edge.cors else {},
        "compress": edge.compress,
        # A page is up to 8 KB long, so a digest represents it.
        "errors": {str(page.status): f"page {digest(page)[:12]}" for page in edge.pages},
        "limits": _limits(edge.limits),
        "trusted_proxies": listed(edge.trusted_proxies),
    }


def _port(number: int) -> int | str:
    return number or "auto"


def _https(edge: Edge) -> str:
    """Return the port of https and the origin of its certificate: `443, certificates from Let's Encrypt`."""
    if edge.https is None or edge.tls is None:
        return "off"
    return f"{_port(edge.https)}, {_origin(edge.tls)}"


def _origin(tls: Tls) -> str:
    if tls.acme:
        authority = "Let's Encrypt" if tls.acme.directory == LETS_ENCRYPT else tls.acme.directory
        return f"certificates from {authority}"
    if tls.others:
        return f"{len(tls.files)} certificates"
    return f"certificate {tls.certificate}" if tls.mode == "files" else "certificates from an authority of its own"


def _tls(tls: Tls) -> dict[str, Any]:
    found = {
        "key": None if tls.others else tls.key or None,
        "hsts": duration(tls.hsts_s) if tls.hsts_s else None,
    }
    several = {f"certificates.{each.certificate}": each.key for each in tls.files} if tls.others else {}
    return found | several | (_acme(tls.acme) if tls.acme else {})


def _acme(acme: Acme) -> dict[str, Any]:
    dns = acme.dns
    return {
        "email": acme.email or None,
        "ca": acme.ca or None,
        "dns": {"set": command(dns.set), "clear": command(dns.clear), "wait": duration(dns.wait_s)} if dns else None,
        "eab": {"key_id": acme.eab.key_id, "key": acme.eab.key} if acme.eab else None,
    }


def _from(route: Route) -> str:
    return f"{route.host}{route.path}" + (f" on {route.listen}" if route.listen else "")


def _to(route: Route) -> str:
    strip = " with strip" if route.strip else ""
    return f"{route.service}{strip}" + (f", assets kept for {duration(route.assets_s)}" if route.assets_s else "")


def _redirect(redirect: Redirect) -> str:
    return f"{redirect.to} ({redirect.code})" + ("" if redirect.keep_path else " without the path")


def _headers(headers: dict[str, str]) -> str:
    """Return `none`, or `strict` and what differs from it: `strict, X-Frame-Options: SAMEORIGIN`."""
    if not headers:
        return "none"
    own = [f"{name}: {value}" for name, value in headers.items() if STRICT.get(name) != value]
    # A name in another case replaces the strict header too.
    present = {name.lower() for name in headers}
    return ", ".join(["strict", *own, *(f"{name}: false" for name in STRICT if name.lower() not in present)])


def _cors(cors: Cors) -> dict[str, Any]:
    default = Cors(cors.origins)
    return {
        "origins": listed(cors.origins),
        "methods": listed(cors.methods) if cors.methods != default.methods else None,
        "headers": listed(cors.headers) if cors.headers != default.headers else None,
        "expose": listed(cors.expose),
        "credentials": cors.credentials or None,
        "max_age": duration(cors.max_age_s) if cors.max_age_s != default.max_age_s else None,
    }


def _limits(limits: Limits) -> dict[str, Any]:
    return {
        "body": size(limits.body_bytes),
        "headers": size(limits.headers_bytes),
        "connections": limits.connections,
        "requests": {
            "per_client": rate(limits.per_client),
            "routes": {path: rate(each) for path, each in limits.routes},
            "exempt": listed(limits.exempt),
        },
    }
