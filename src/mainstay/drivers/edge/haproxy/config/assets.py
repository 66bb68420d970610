"""Routes to static files: how long clients cache them, and the bridge between two releases.

While two releases run, a page of one may name a file that only the other has. So when the release that traffic chose
answers a GET or HEAD with 404, HAProxy sends the request to another release too.

HAProxy repeats a request on 404 only within one backend. So such a route has a backend of its own with two servers,
which are frontends of the same HAProxy. The first leads to the service's usual backend; the second leads to the
service's bridged backend, which has one instance of each of up to two releases. While the bridged backend is empty,
requests go directly to the usual one.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mainstay.drivers.edge.haproxy.config.choice import Choice, name_of
from mainstay.drivers.edge.haproxy.config.common import common_rules
from mainstay.drivers.edge.haproxy.config.pages import page_rules
from mainstay.drivers.edge.haproxy.config.syntax import lines, quoted
from mainstay.drivers.edge.haproxy.slots import backend_of
from mainstay.model import Edge, Route
from mainstay.system.state_dir import Folders
from mainstay.system.users import UserIds

BRIDGE_SOCKETS = "bridge[0-9]*"
"""The pattern of the names of the sockets of this module's frontends, to which only HAProxy connects."""
_OWN_POLICY = "{ var(txn.uncached) -m bool }"
"""The condition that the service forbids caching of its response, or sets a cookie with it."""


class _Bridge(NamedTuple):
    """The bridge of one route to static files. `number` is the position of the route among the routes of the edge."""

    number: int
    route: Route

    @property
    def backend(self) -> str:
        return f"assets:{self.number}"

    @property
    def source(self) -> str:
        """The bridged backend, which has one instance of each of up to two releases."""
        return backend_of(self.route.service, "bridged")


def cache_rules(choice: Choice) -> str:
    """Return the rules that let clients cache the files of the chosen route.

    Clients never cache an error, since a file may be missing for a moment during a release.
    """
    cached = [route for route in choice.routes if route.assets_s]
    if not cached:
        return ""
    seconds = (f"http-request set-var(txn.cache) int({each.assets_s}) if {choice.of(each)}" for each in cached)
    kept, reads = "{ var(txn.cache) -m found }", "{ var(txn.method) -m str GET HEAD }"
    uncached = "http-response set-var(txn.uncached) bool(true)"
    return lines(
        *seconds,
        # What a service marks as private must not get into a shared cache, and a cookie is for one client.
        f"{uncached} if {{ res.hdr(Cache-Control) -m sub -i no-store no-cache private }}",
        f"{uncached} if {{ res.hdr(Set-Cookie) -m found }}",
        'http-response set-header Cache-Control "public, max-age=%[var(txn.cache)], immutable" '
        f"if {kept} {reads} {{ status 200:299 304 }} !{_OWN_POLICY}",
        f"http-response set-header Cache-Control no-store if {kept} {{ status 400:599 }}",
    )


def bridge_choice(edge: Edge, choice: Choice) -> str:
    """Return the rules that send a GET or HEAD over its route's bridge while the bridged backend has a server."""
    reads = "{ method GET HEAD }"
    bridged = [each for each in _bridges(edge) if each.route in choice.routes]
    return lines(
        *(
            f"use_backend {each.backend} if {choice.of(each.route)} {reads} {{ nbsrv({each.source}) gt 0 }}"
            for each in bridged
        )
    )


def bridges(edge: Edge, folders: Folders, user: UserIds | None) -> Iterator[str]:
    """Yield the backends and frontends of all bridges. *user* is the user of HAProxy's workers; None: Mainstay's."""
    for each in _bridges(edge):
        now, other = (quoted(f"unix@{folders.sockets / f'bridge{each.number}{end}'}") for end in "ab")
        owner = f" uid {user.uid}" if user else ""
        yield f"""\
backend {each.backend}
  # The first server, and on 404 the second.
  balance first
  retry-on 404
  http-request set-var(txn.bridged) bool(true)
  # The frontends below log the request, with the instance that has responded.
  http-request set-log-level silent
  server now {now}
  server other {other}
"""
        yield _frontend(edge, each, "now", f"bind {now} mode 600{owner}", _to_now(each))
        yield _frontend(edge, each, "other", f"bind {other} mode 600{owner}", _to_other(each))


def _to_now(bridge: _Bridge) -> tuple[str, ...]:
    """Return the rules of the frontend to the usual backend. It logs no 404 if HAProxy then tries the other one."""
    return (
        f"http-response set-log-level silent if {{ status 404 }} {{ nbsrv({bridge.source}) gt 0 }}",
        f"default_backend {bridge.route.service}",
    )


def _to_other(bridge: _Bridge) -> tuple[str, ...]:
    """Return the rules of the frontend to the bridged backend.

    The service has already answered 404, so a failure of the other release is reported to the client as 404 too.
    """
    return (
        f"http-request return status 404 default-errorfiles if {{ nbsrv({bridge.source}) eq 0 }}",
        "http-after-response del-header Retry-After if { status 500:599 }",
        "http-after-response set-status 404 if { status 500:599 }",
        f"default_backend {bridge.source}",
    )


def _frontend(edge: Edge, bridge: _Bridge, end: str, bind: str, rules: Iterable[str]) -> str:
    named = f"http-request set-var(txn.matched) str({name_of(bridge.route)})"
    head = f"frontend {bridge.backend}:{end}\n  {bind}\n{common_rules(edge)}\n{page_rules()}"
    return head + lines(named, *rules)


def _bridges(edge: Edge) -> list[_Bridge]:
    return [_Bridge(number, route) for number, route in enumerate(edge.routes, 1) if route.assets_s]
