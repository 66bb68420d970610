"""The rules for maintenance at a front door. Maps turn it on and off at runtime, without a reload."""

from mainstay.drivers.edge.haproxy.config.pages import variable_page
from mainstay.drivers.edge.haproxy.config.preview_header import SENT_BY_MAINSTAY
from mainstay.drivers.edge.haproxy.config.refusals import read_body
from mainstay.drivers.edge.haproxy.config.syntax import lines
from mainstay.model import Edge

MAINTENANCE = "maintenance.map"
"""The file of a map from networks to ALLOWED, or to the page for their clients in Base64; empty without maintenance."""
HEALTH = "health.map"
"""The file of a map whose keys are the paths that are served during maintenance."""
ALLOWED = "allowed"
_SERVED = (f"{{ var(req.closed) -m str {ALLOWED} }}", f"{{ path,map_str({HEALTH}) -m found }}", SENT_BY_MAINSTAY)
_REFUSED = " ".join(("{ var(req.closed) -m found }", *(f"!{each}" for each in _SERVED)))


def maintenance_rules(edge: Edge) -> str:
    """Return the rules that answer 503 during maintenance, with the manifest's page for 503 if it has one."""
    own = any(page.status == 503 for page in edge.pages)
    answer = "deny deny_status 503" if own else f"return {variable_page(503, 'txn.page')}"
    return lines(
        f"http-request set-var(req.closed) src,map_ip({MAINTENANCE})",
        "http-request set-var(txn.page) var(req.closed) if !{ var(txn.json) -m bool }",
        read_body("refuse-503" if own else "maintenance", _REFUSED),
        f"http-request {answer} if {_REFUSED}",
    )
