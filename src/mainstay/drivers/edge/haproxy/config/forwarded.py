"""The request headers with the client's address, host and protocol: `X-Forwarded-For` and related ones."""

from mainstay.drivers.edge.haproxy.config.syntax import lines, remove_headers


def forwarded_headers(client: str = "%[src]", *, proxies: bool = False) -> str:
    """Return the rules that replace the headers `X-Forwarded-*` and related ones, which a client can forge.

    *client* is the client's address or HAProxy's expression for it. *proxies* is whether a trusted proxy may name the
    protocol.
    """
    proto = ["http-request set-header X-Forwarded-Proto https if { var(req.proto) -m str https }"] if proxies else []
    return lines(
        "http-request del-header Forwarded",
        *remove_headers("x-forwarded-"),
        *remove_headers("x-real-ip"),
        f"http-request set-header X-Forwarded-For {client}",
        "http-request set-header X-Forwarded-Host %[req.hdr(host)] if { req.hdr(host) -m found }",
        "http-request set-header X-Forwarded-Proto http",
        *proto,
    )
