"""The headers that name the client of a request."""

from mainstay.drivers.edge.haproxy.config.syntax import lines, remove_headers


def forwarded_headers(client: str = "%[src]") -> str:
    """Return the rules that replace what the client claims about itself; *client* is its address."""
    return lines(
        "http-request del-header Forwarded",
        *remove_headers("x-forwarded-"),
        *remove_headers("x-real-ip"),
        f"http-request set-header X-Forwarded-For {client}",
        "http-request set-header X-Forwarded-Host %[req.hdr(host)] if { req.hdr(host) -m found }",
        "http-request set-header X-Forwarded-Proto http",
        "http-request set-header X-Forwarded-Proto https if { var(txn.proto) -m str https }",
    )
