"""The backends: those of each service, with its slots, and the one for requests that match no route."""

from mainstay.drivers.edge.haproxy.config.refusals import read_body
from mainstay.drivers.edge.haproxy.config.syntax import lines, milliseconds
from mainstay.drivers.edge.haproxy.slots import Side, backend_of, servers_of
from mainstay.model import Edge
from mainstay.system.ports import LOOPBACK

NOWHERE = "no:route"
"""The backend for requests that match no route; its name is not a valid service name."""


def backend(edge: Edge, service: str, slots: int, side: Side = "") -> str:
    """Return the section of the backend *side* (see `Side`) of *service*, with this number of *slots*."""
    stream = "{ req.hdr(accept) -m sub text/event-stream }"
    rules = [
        f"backend {backend_of(service, side)}",
        f"  http-request set-var(txn.service) str({service})",
        "  " + read_body("refuse-503", "{ nbsrv eq 0 }"),
        # An event stream may pause for a long time; any other response is cut after a pause of this timeout.
        f"  http-request set-timeout server {milliseconds(edge.tunnel_s)} if {stream}",
        # A request ends when its client has gone, so that a drain does not wait for its response. A client that only
        # ends its own direction of the connection (half-close) looks the same to HAProxy, and is cut off too.
        "  option abortonclose",
        # The supervisor's probes decide which instance is ready. These checks only detect an instance that accepts no
        # connections. They fail late, since a busy instance may have a full accept queue for some seconds.
        # `linger` closes the connection without a reset, since servers log resets.
        "  option tcp-check",
        "  tcp-check connect linger",
        "  default-server check inter 2s fastinter 500ms downinter 500ms fall 3 rise 1",
        # A refused connection marks the server down at once, so that it refuses no second request.
        "  default-server observe layer4 error-limit 1 on-error mark-down",
    ]
    if side == "bridged":
        # The second of two releases is tried when the first does not have the file.
        rules += [
            "  balance first",
            "  retry-on conn-failure 404",
            f"  http-request disable-l7-retry if {{ nbsrv({backend_of(service, side)}) lt 2 }}",
        ]
    if slots:
        rules.append(f"  server-template {servers_of(service, side)} {slots} {LOOPBACK}:1 disabled")
    return "\n".join((*rules, ""))


def nowhere() -> str:
    """Return the section of the backend for requests that match no route."""
    return f"backend {NOWHERE}\n" + lines(read_body("refuse-404"), "http-request return status 404 default-errorfiles")
