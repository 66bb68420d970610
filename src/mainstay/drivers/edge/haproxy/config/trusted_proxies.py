"""The rules that find the address of a client whose request comes through trusted proxies."""

from mainstay.drivers.edge.haproxy.config.syntax import lines
from mainstay.model import Edge

MOST_PROXIES = 5
"""The largest number of addresses that are read from the end of X-Forwarded-For; the last one read is the client's."""


def is_proxy(edge: Edge, address: str = "src") -> str:
    """Return the condition that *address* belongs to a trusted proxy."""
    return f"{{ {address} {' '.join(edge.trusted_proxies)} }}"


def client_address(edge: Edge) -> str:
    """Return the rules that replace the source address of a request from a trusted proxy by the client's address.

    Each proxy appends the address of its own client to X-Forwarded-For. So the client's is the last address that is not
    a trusted proxy's; the addresses before it may be forged.
    """
    if not edge.trusted_proxies:
        return ""
    trusted = is_proxy(edge, "var(req.client) -m ip")
    hops = [f"req.hdr_ip(x-forwarded-for,-{number})" for number in range(1, MOST_PROXIES + 1)]
    return lines(
        f"http-request set-var(req.proto) str(https) if {is_proxy(edge)} {{ req.hdr(x-forwarded-proto) -m str https }}",
        f"http-request set-var(req.client) {hops[0]} if {is_proxy(edge)}",
        *(f"http-request set-var(req.client) {hop} if {trusted} {{ {hop} -m found }}" for hop in hops[1:]),
        "http-request set-src var(req.client) if { var(req.client) -m found }",
    )
