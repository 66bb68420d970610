"""TLS at the main front door: its port, the redirect from http to https, and the headers for services and browsers."""

from mainstay.drivers.edge.haproxy.certificates import PEM, list_name
from mainstay.drivers.edge.haproxy.config.syntax import bind_address, lines
from mainstay.model import Edge

_CIPHERS = ":".join(
    f"ECDHE-{key}-{cipher}"
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
    for key in ("ECDSA", "RSA")
)
"""The ciphers for TLS 1.2 that have forward secrecy and authenticated encryption; those of TLS 1.3 all have both."""
_HTTPS = "{ ssl_fc }"


def https_bind(edge: Edge, port: int | None) -> str:
    """Return the line with which the main front door listens for https at *port*; empty when *port* is None."""
    if port is None:
        return ""
    listed = list_name(edge)  # HAProxy chooses by the name that the client sends; the first is for all others.
    certificates = f"crt-list {listed}" if listed else f"crt {PEM}"
    options = f"ssl {certificates} alpn h2,http/1.1 ssl-min-ver TLSv1.2 ciphers {_CIPHERS}"
    return lines(f"bind {bind_address(edge.address, port)} {options}")


def https_redirect(port: int | None) -> str:
    """Return the rules that redirect http to https at *port*; empty when *port* is None.

    They redirect GET and HEAD by 301, and other methods by 308, to keep method and body.
    """
    if port is None:
        return ""
    at = "" if port == 443 else f":{port}"
    place = f'location "https://%[req.hdr(host),host_only]{at}%[capture.req.uri]"'
    reads = "{ method GET HEAD }"
    return lines(
        f"http-request redirect {place} code 301 if !{_HTTPS} {reads}",
        f"http-request redirect {place} code 308 if !{_HTTPS} !{reads}",
    )


def https_headers(edge: Edge, port: int | None) -> str:
    """Return the rules that set X-Forwarded-Proto for services, and Strict-Transport-Security if it is configured."""
    if port is None or edge.tls is None:
        return ""
    found = [f"http-request set-header X-Forwarded-Proto https if {_HTTPS}"]
    if edge.tls.hsts_s:
        value = f"max-age={edge.tls.hsts_s}"
        found.append(f"http-after-response set-header Strict-Transport-Security {value} if {_HTTPS}")
    return lines(*found)
