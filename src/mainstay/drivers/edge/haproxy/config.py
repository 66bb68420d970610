"""Render HAProxy's configuration."""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote

from mainstay.drivers.edge.haproxy.access_lines import FORMAT, RELEASE
from mainstay.drivers.edge.haproxy.state_files import SERVERS
from mainstay.model import Edge, Route
from mainstay.system.ports import LOOPBACK
from mainstay.system.state_dir import Folders
from mainstay.system.users import UserIds

CONFIGURATION = "haproxy.cfg"

BACK_SOON = "<!doctype html><title>Back in a moment</title><h1>Back in a moment</h1><p>Please try again.</p>"
_HTML = "text/html; charset=utf-8"
NOT_HERE = "<!doctype html><title>Not found</title><h1>There is nothing here</h1>"
RETRY_AFTER_S = 5

_NOWHERE = "no:route"
"""The backend for requests that match no route; its name is not a valid service name."""


class Rendered(NamedTuple):
    """A configuration, its digest, which HAProxy reports once it has loaded it, and the ports that it binds."""

    text: str
    generation: str
    ports: tuple[int, ...]
    internal: tuple[int, ...]
    """Those of `ports` that are services' internal addresses, chosen by Mainstay."""


def render(
    edge: Edge,
    slots: Mapping[str, int],
    ports: Mapping[str, int],
    folders: Folders,
    user: UserIds | None = None,
) -> Rendered:
    """Return the configuration for *edge*.

    *slots* is the number of slots per service with a port.
    *ports* are the allocated ports: `listener:SERVICE` for internal addresses, and `edge` if `edge.http` is 0.
    """
    doors = _doors(edge, ports)
    listeners = {s: ports[f"listener:{s}"] for s in sorted(slots) if f"listener:{s}" in ports}
    services = sorted({*slots, *(route.service for route in edge.routes)})
    sections = (
        _defaults(edge),
        *(_door(edge, port, routes) for port, routes in doors.items()),
        *(_listener(edge, service, port) for service, port in listeners.items()),
        *(_backend(edge, service, slots.get(service, 0)) for service in services),
        f'backend {_NOWHERE}\n  http-request return status 404 content-type "{_HTML}" string "{NOT_HERE}"\n',
    )
    body = "\n".join(sections)
    frame = _global(edge, folders, user, "")
    generation = hashlib.sha256((frame + body).encode()).hexdigest()[:16]
    text = _global(edge, folders, user, generation) + "\n" + body
    return Rendered(text, generation, tuple({*doors, *listeners.values()}), tuple(listeners.values()))


def _global(edge: Edge, folders: Folders, user: UserIds | None, generation: str) -> str:
    become = f"\n  uid {user.uid}\n  gid {user.gid}" if user else ""
    return f"""\
# Written by Mainstay; changes are lost.
global
  master-worker
  description {generation}
  stats socket {_quoted(folders.haproxy_socket)} mode 600 level admin expose-fd listeners
  stats timeout 1m
  server-state-file {SERVERS}
  # A port of another program is refused with an error instead of being shared silently.
  noreuseport
  fd-hard-limit 65536
  # For normalize-uri.
  expose-experimental-directives
  hard-stop-after {_ms(edge.tunnel_s)}
  log ring@access format raw local0{become}

ring access
  format raw
  maxlen 16384
  size 8388608
  timeout connect 2s
  timeout server 10s
  server reader {_quoted(f"unix@{folders.access_log_socket}")}
"""


def _defaults(edge: Edge) -> str:
    return f"""\
defaults
  mode http
  load-server-state-from-file global
  balance roundrobin
  # A refused connection, and a repeatable request without any response, are tried on one more server. Not on a
  # third: a request that kills each instance that handles it would end them all. HAProxy counts both as one.
  retries 1
  option redispatch 1
  retry-on conn-failure empty-response
  # On the loopback only a full accept queue takes long: a busy instance is waited for.
  timeout connect 5s
  timeout client 60s
  timeout server {_ms(edge.answer_s)}
  timeout http-request 15s
  # A connection that browsers open ahead is closed in silence: a 408 would be taken for the answer to their request.
  option http-ignore-probes
  timeout http-keep-alive 60s
  timeout queue 5s
  timeout check 1s
  timeout tunnel {_ms(edge.tunnel_s)}
  log-format '{FORMAT}'
  http-error status 503 content-type "{_HTML}" string "{BACK_SOON}" hdr Retry-After {RETRY_AFTER_S}
"""


def _doors(edge: Edge, ports: Mapping[str, int]) -> dict[int, list[Route]]:
    """Return the routes of each front door by port, in the order in which they are matched."""
    main = edge.http or ports["edge"]
    doors: dict[int, list[Route]] = {main: []}
    for route in sorted(edge.routes, key=lambda route: (not route.host, -len(route.path), route.path)):
        doors.setdefault(route.listen or main, []).append(route)
    return doors


def _door(edge: Edge, port: int, routes: list[Route]) -> str:
    choices = "".join(f"  use_backend {route.service} if {_condition(route)}\n" for route in routes)
    return f"""\
frontend door:{port}
  bind {_bind(edge.address, port)}
{_noted(edge)}
  # A client that sends its body byte by byte would hold a connection to the service for ever. HAProxy can only wait
  # for what fits its buffer: what comes after that has no limit on its whole duration.
  http-request wait-for-body time {_ms(edge.body_s)}
{_compared(routes)}\
  http-request del-header Forwarded
  http-request del-header ^x[-_]forwarded[-_] -m reg
  http-request del-header ^x[-_]real[-_]ip$ -m reg
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto http
{choices}\
  default_backend {_NOWHERE}
"""


def _listener(edge: Edge, service: str, port: int) -> str:
    return f"""\
frontend listener:{service}
  bind {_bind(LOOPBACK, port)}
{_noted(edge)}
  default_backend {service}
"""


def _noted(edge: Edge) -> str:
    """Return the rules for all requests: request id, values for the access log, no retry of unsafe methods."""
    lines = [
        "log global",  # Not in `defaults`, since backends would then log when a server goes up or down.
        "http-request disable-l7-retry if !{ method GET HEAD OPTIONS }",
        "http-request set-header X-Request-Id %[uuid()] if !{ req.hdr(X-Request-Id) -m len 1:128 }",
        "http-request set-var(txn.id) req.hdr(X-Request-Id)",
        "http-request set-var(txn.method) method",
        "http-request set-var(txn.path) path",
        "http-response set-header X-Request-Id %[var(txn.id)]",
        "http-response del-header X-Mainstay-Release",
    ]
    if edge.release_header:
        lines.append(f"http-response set-header X-Mainstay-Release {RELEASE}")
    return "\n".join(f"  {line}" for line in lines)


def _backend(edge: Edge, service: str, slots: int) -> str:
    lines = [
        f"backend {service}",
        f"  http-request set-var(txn.service) str({service})",
        # An event stream may pause for a long time; any other response is cut after a pause of this timeout.
        f"  http-request set-timeout server {_ms(edge.tunnel_s)} if {{ req.hdr(accept) -m sub text/event-stream }}",
        # The supervisor's probes decide which instance is ready. These checks only detect an instance that accepts no
        # connections. They fail late, since a busy instance may have a full accept queue for some seconds.
        # `linger` closes the connection without a reset, since servers log resets.
        "  option tcp-check",
        "  tcp-check connect linger",
        "  default-server check inter 2s fastinter 500ms downinter 500ms fall 3 rise 1",
        # A refused connection marks the server down at once, so that it refuses no second request.
        "  default-server observe layer4 error-limit 1 on-error mark-down",
    ]
    if slots:
        lines.append(f"  server-template {service}.s {slots} {LOOPBACK}:1 disabled")
    return "\n".join((*lines, ""))


def _compared(routes: list[Route]) -> str:
    """Return the rules that set `txn.route`: the decoded and normalized path, with `/` at its end.

    The request is forwarded as the client sent it. A path is rejected when it cannot be decoded, and when its route
    depends on whether the service treats an encoded slash as a slash, or resolves `..`: such a path could bypass the
    rules of a route.
    """
    bases = sorted({_base(route) for route in routes} - {"/"})
    if not bases:
        return ""
    slash = "if { var(txn.sent) -m sub -i %2f }"
    normalize = [f"normalize-uri {each}" for each in ("path-merge-slashes", "path-strip-dot")]
    rules = [
        "deny deny_status 400 if { path -m reg -i %(00|[^0-9a-f]|[0-9a-f]([^0-9a-f]|$)|$) }",
        # A service that does not resolve `..` would see another path than the one that is compared here.
        "deny deny_status 400 if { path,url_dec -m reg (^|/)\\.\\.(/|$) }",
        "set-var(txn.sent) pathq",
        "normalize-uri percent-decode-unreserved",
        *normalize,
        "set-var(txn.route) path,url_dec,concat(/)",
        f"set-var(txn.kept) path,regsub(%2f,%252f,gi),url_dec,concat(/) {slash}",
        f"set-path %[path,regsub(%2f,/,gi)] {slash}",
        *(f"{each} {slash}" for each in normalize),
        f"set-var(txn.route) path,url_dec,concat(/) {slash}",
        "set-pathq %[var(txn.sent)] if { var(txn.sent) -m beg / }",
    ]
    for base in bases:
        decoded, kept = (f"{{ var(txn.{name}) -m beg {_quoted(base)} }}" for name in ("route", "kept"))
        rules += [f"deny deny_status 400 {slash} {one}" for one in (f"{decoded} !{kept}", f"!{decoded} {kept}")]
    return "".join(f"  http-request {rule}\n" for rule in rules)


def _base(route: Route) -> str:
    """Return the route's path decoded, with `/` at its end: what `txn.route` begins with when the route matches."""
    return unquote(route.path).rstrip("/") + "/"


def _condition(route: Route) -> str:
    base = _base(route)
    path = '{ path_beg "/" }' if base == "/" else f"{{ var(txn.route) -m beg {_quoted(base)} }}"
    return path + (f" {{ req.hdr(host),host_only -i -m str {_quoted(route.host)} }}" if route.host else "")


def _bind(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _ms(seconds: float) -> str:
    return f"{max(1, round(seconds * 1000))}ms"


def _quoted(text: object) -> str:
    return '"' + "".join(f"\\{c}" if c in '"\\$' else c for c in str(text)) + '"'
