"""The headers that name the client of a request."""

from mainstay.drivers.edge.haproxy.config.syntax import lines


def forwarded_headers(client: str = "%[src]") -> str:
    """Return the rules that replace what the client claims about itself; *client* is its address."""
    return lines(
        "http-request del-header Forwarded",
        "http-request del-header ^x[-_]forwarded[-_] -m reg",
        "http-request del-header ^x[-_]real[-_]ip$ -m reg",
        f"http-request set-header X-Forwarded-For {client}",
        "http-request set-header X-Forwarded-Host %[req.hdr(host)] if { req.hdr(host) -m found }",
        "http-request set-header X-Forwarded-Proto http",
        "http-request set-header X-Forwarded-Proto https if { var(txn.proto) -m str https }",
    )
