"""The preview door: a Unix socket with the routes of all front doors, which lead to the previewed revisions."""

from collections.abc import Collection, Mapping

from mainstay.drivers.edge.haproxy.config.assets import cache_rules
from mainstay.drivers.edge.haproxy.config.backends import NOWHERE
from mainstay.drivers.edge.haproxy.config.common import common_rules
from mainstay.drivers.edge.haproxy.config.cors import cors_rules, origin_rules, preflight_rules
from mainstay.drivers.edge.haproxy.config.forwarded import forwarded_headers
from mainstay.drivers.edge.haproxy.config.headers import header_rules
from mainstay.drivers.edge.haproxy.config.pages import page_rules
from mainstay.drivers.edge.haproxy.config.paths import condition, path_rules
from mainstay.drivers.edge.haproxy.config.preview_header import follow, sign_header
from mainstay.drivers.edge.haproxy.config.strip import strip_rules
from mainstay.drivers.edge.haproxy.config.syntax import lines, quoted
from mainstay.model import Edge, Route
from mainstay.system.ports import LOOPBACK
from mainstay.system.state_dir import Folders

PREVIEW = "preview"
"""The name of the preview door in HAProxy's configuration and in the access log."""


def preview_door(edge: Edge, folders: Folders, doors: Mapping[int, list[Route]], previewed: Collection[str]) -> str:
    """Return the section of the preview door; *doors* has the routes of each front door by port, the main one first.

    The port in a request's Host header chooses the front door whose routes apply; by default the main one's do.
    *previewed* are the services that have backends behind the preview door.
    """
    main, *others = doors.items()
    at = {port: f"{{ req.hdr(host),port_only eq {port} }} " for port, _ in others}
    choices = "".join(
        _choices(routes, previewed, at[port]) + lines(f"use_backend {NOWHERE} if {at[port].rstrip()}")
        for port, routes in others
    )
    routes = [route for _, routes in (*others, main) for route in routes]
    return f"""\
frontend {PREVIEW}
  bind {quoted(f"unix@{folders.preview_socket}")} mode 600
{common_rules(edge)}
{sign_header(edge)}\
{page_rules()}\
{origin_rules(edge.cors)}\
{path_rules(routes)}\
{preflight_rules(edge.cors)}\
{forwarded_headers(LOOPBACK)}\
{lines("http-request set-header X-Forwarded-Proto https") if edge.tls else ""}\
{strip_rules(routes, at)}\
{header_rules(edge)}\
{cors_rules(edge.cors)}\
{cache_rules(routes, at)}\
{choices}\
{_choices(main[1], previewed)}\
  default_backend {NOWHERE}
"""


def _choices(routes: list[Route], previewed: Collection[str], at: str = "") -> str:
    """Return the rules that choose the backend by *routes*. *at* is a further condition, with a space at its end."""
    return "".join(
        (follow(route.service, at + condition(route)) if route.service in previewed else "")
        + lines(f"use_backend {route.service} if {at}{condition(route)}")
        for route in routes
    )
