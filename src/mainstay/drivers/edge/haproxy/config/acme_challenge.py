"""The answer to an authority that checks by a request to port 80 who owns a host (ACME, HTTP-01).

It is the token of the request and the thumbprint of the account's key, so the edge keeps nothing for it.
"""

from mainstay.drivers.edge.haproxy.config.syntax import lines
from mainstay.model import Edge

CHALLENGE = "challenge.map"
"""A map with one entry, THUMBPRINT, so that another key of the account needs no reload."""
THUMBPRINT = "thumbprint"
_TOKEN = r"{ path -m reg ^/\.well-known/acme-challenge/[A-Za-z0-9_-]{1,128}$ }"


def answers_challenges(edge: Edge) -> bool:
    """Return whether the front door answers the checks of an authority."""
    return edge.tls is not None and edge.tls.acme is not None and edge.tls.acme.dns is None


def challenge_rules(edge: Edge, https: int | None) -> str:
    """Return the rules that answer the authority at the http port of the main front door."""
    if https is None or not answers_challenges(edge):
        return ""
    return lines(
        f"http-request set-var(txn.thumbprint) str({THUMBPRINT}),map({CHALLENGE}) if !{{ ssl_fc }} {_TOKEN}",
        'http-request return status 200 content-type text/plain lf-string "%[path,field(4,/)].%[var(txn.thumbprint)]"'
        " if { var(txn.thumbprint) -m found } { method GET HEAD }",
    )
