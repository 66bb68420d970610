"""The rules for all requests: those of clients, of the preview door, and of services that call other services."""

from mainstay.drivers.edge.haproxy.access_lines import RELEASE
from mainstay.drivers.edge.haproxy.config.pages import type_rules
from mainstay.drivers.edge.haproxy.config.syntax import quoted
from mainstay.model import Edge

BY_INSTANCE = "{ srv_name -m found }"
"""The condition that an instance has responded, not the Lua program of the module `refusals`."""
_REQUEST_ID = r"^[!#-\[\]-~]{1,128}$"
"""The request ids that are kept: printable ASCII without what JSON escapes, because the access log contains them."""


def common_rules(edge: Edge, *, bridged: bool = False) -> str:
    """Return the rules for the request id, the values in the access log, the release header, and retries.

    *bridged*: whether responses may come over a bridge (`assets`), whose frontend sets or removes the release header.
    """
    release = f"set-header X-Mainstay-Release {RELEASE}" if edge.release_header else "del-header X-Mainstay-Release"
    unless = " !{ var(txn.bridged) -m found }" if bridged else ""
    lines = [
        "log global",  # Not in `defaults`, since backends would then log when a server goes up or down.
        "http-request disable-l7-retry if !{ method GET HEAD OPTIONS }",
        f"http-request set-var(req.uuid) uuid() if !{{ req.hdr(X-Request-Id) -m reg {quoted(_REQUEST_ID)} }}",
        "http-request set-header X-Request-Id %[var(req.uuid)] if { var(req.uuid) -m found }",
        "http-request set-var(txn.id) req.hdr(X-Request-Id)",
        "http-request set-var(txn.method) method",
        "http-request set-var(txn.path) path",
        "http-after-response set-header X-Request-Id %[var(txn.id)] if { var(txn.id) -m found }",
        f"http-response {release} if {BY_INSTANCE}{unless}",
        *type_rules(),
    ]
    return "\n".join(f"  {line}" for line in lines)
