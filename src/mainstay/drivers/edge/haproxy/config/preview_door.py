"""The preview door: a Unix socket with the routes of all front doors, which lead to the previewed revisions."""

from collections.abc import Collection, Mapping

from mainstay.drivers.edge.haproxy.config.assets import cache_rules
from mainstay.drivers.edge.haproxy.config.backends import NOWHERE
from mainstay.drivers.edge.haproxy.config.choice import Choice
from mainstay.drivers.edge.haproxy.config.common import common_rules
from mainstay.drivers.edge.haproxy.config.cors import cors_rules, origin_rules, preflight_rules
from mainstay.drivers.edge.haproxy.config.forwarded import forwarded_headers
from mainstay.drivers.edge.haproxy.config.headers import header_rules
from mainstay.drivers.edge.haproxy.config.pages import page_rules
from mainstay.drivers.edge.haproxy.config.paths import path_rules
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
    choice = Choice("req.chosen", [route for _, routes in doors.items() for route in routes], _at(*doors))
    return f"""\
frontend {PREVIEW}
  bind {quoted(f"unix@{folders.preview_socket}")} mode 600
{common_rules(edge)}
{sign_header(edge)}\
{page_rules()}\
{origin_rules(edge.cors)}\
{path_rules(choice.routes)}\
{preflight_rules(edge.cors)}\
{forwarded_headers(LOOPBACK)}\
{lines("http-request set-header X-Forwarded-Proto https") if edge.tls else ""}\
{choice.rules()}\
{strip_rules(choice)}\
{header_rules(edge)}\
{cors_rules(edge.cors)}\
{cache_rules(choice)}\
{_backends(choice, previewed)}\
  default_backend {NOWHERE}
"""


def _at(main: int, *others: int) -> dict[int, str]:
    """Return, by port (`Route.listen`), the condition that a request is for its front door; empty with one door."""
    if not others:
        return {}
    port = "{{ req.hdr(host),port_only eq {} }}".format
    not_others = f"!{port(' '.join(map(str, others)))}"
    return {0: not_others, main: not_others} | {each: port(each) for each in others}


def _backends(choice: Choice, previewed: Collection[str]) -> str:
    """Return the rules that send a request to the previewed revision of its route's service, or to the live one."""
    return "".join(
        (follow(route.service, choice.of(route)) if route.service in previewed else "")
        + lines(f"use_backend {route.service} if {choice.of(route)}")
        for route in choice.routes
    )
