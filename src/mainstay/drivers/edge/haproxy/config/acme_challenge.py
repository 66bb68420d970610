"""The rules with which the front door answers HTTP-01 challenges: requests by which an ACME authority checks a host.

The response consists of the request's token and the thumbprint of the account's key, so the edge stores no tokens.
"""

from mainstay.drivers.edge.haproxy.config.syntax import lines
from mainstay.model import Edge

CHALLENGE = "challenge.map"
"""The file of a map with one entry, THUMBPRINT, so that a new account key needs no reload."""
THUMBPRINT = "thumbprint"
_TOKEN = r"{ path -m reg ^/\.well-known/acme-challenge/[A-Za-z0-9_-]{1,128}$ }"


def answers_challenges(edge: Edge) -> bool:
    """Return whether the front door answers HTTP-01 challenges: the manifest uses ACME without DNS commands."""
    return edge.tls is not None and edge.tls.acme is not None and edge.tls.acme.dns is None


def challenge_rules(edge: Edge, https: int | None) -> str:
    """Return the rules that answer challenges at the main front door's http port; empty without an *https* port."""
    if https is None or not answers_challenges(edge):
        return ""
    return lines(
        f"http-request set-var(txn.thumbprint) str({THUMBPRINT}),map({CHALLENGE}) if !{{ ssl_fc }} {_TOKEN}",
        'http-request return status 200 content-type text/plain lf-string "%[path,field(4,/)].%[var(txn.thumbprint)]"'
        " if { var(txn.thumbprint) -m found } { method GET HEAD }",
    )
