"""The front doors: one `frontend` for each public port.

Each request is compared with some hundred rules. So variables that only request rules read are in HAProxy's scope `req`
instead of `txn`: HAProxy searches a scope from its first variable to its last.
"""

from collections.abc import Mapping

from mainstay.drivers.edge.haproxy.config.acme_challenge import challenge_rules
from mainstay.drivers.edge.haproxy.config.assets import bridge_choice, cache_rules
from mainstay.drivers.edge.haproxy.config.backends import NOWHERE
from mainstay.drivers.edge.haproxy.config.choice import Choice
from mainstay.drivers.edge.haproxy.config.common import common_rules
from mainstay.drivers.edge.haproxy.config.compression import compression
from mainstay.drivers.edge.haproxy.config.cors import cors_rules, origin_rules, preflight_rules
from mainstay.drivers.edge.haproxy.config.forwarded import forwarded_headers
from mainstay.drivers.edge.haproxy.config.headers import header_rules
from mainstay.drivers.edge.haproxy.config.maintenance import maintenance_rules
from mainstay.drivers.edge.haproxy.config.pages import page_rules
from mainstay.drivers.edge.haproxy.config.paths import path_rules
from mainstay.drivers.edge.haproxy.config.preview_header import recognise_own
from mainstay.drivers.edge.haproxy.config.rate_limits import limited_routes, rate_rules
from mainstay.drivers.edge.haproxy.config.redirects import redirect_rules
from mainstay.drivers.edge.haproxy.config.size_limits import body_rules, connection_rules, size_rules
from mainstay.drivers.edge.haproxy.config.strip import strip_rules
from mainstay.drivers.edge.haproxy.config.syntax import bind_address, lines, milliseconds
from mainstay.drivers.edge.haproxy.config.tls import https_bind, https_headers, https_redirect
from mainstay.drivers.edge.haproxy.config.trace import trace_rules
from mainstay.drivers.edge.haproxy.config.trusted_proxies import client_address
from mainstay.model import Edge, Route
from mainstay.model.matching import in_order


def doors(edge: Edge, ports: Mapping[str, int]) -> dict[int, list[Route]]:
    """Return the routes of each front door by port, in the order in which they are matched."""
    main = edge.http or ports["edge"]
    doors: dict[int, list[Route]] = {main: []}
    for route in in_order(edge.routes):
        doors.setdefault(route.listen or main, []).append(route)
    return doors


def door(edge: Edge, port: int, routes: list[Route], https: int | None = None) -> str:
    """Return the section of the front door for http at *port*, and for https at the port *https* unless it is None."""
    choice = Choice("txn.matched", routes, awaited=edge.awaited)  # The access log contains the variable.
    return f"""\
frontend door:{port}
  bind {bind_address(edge.address, port)}
{https_bind(edge, https)}\
{connection_rules(edge)}\
{common_rules(edge, bridged=any(route.assets_s for route in routes))}
{recognise_own()}\
{client_address(edge)}\
{challenge_rules(edge, https)}\
{page_rules()}\
{origin_rules(edge.cors)}\
{path_rules([*routes, *limited_routes(edge)], edge.redirects)}\
{https_redirect(https)}\
{redirect_rules(edge.redirects)}\
{maintenance_rules(edge)}\
{rate_rules(edge)}\
{size_rules(edge)}\
{preflight_rules(edge.cors)}\
  # A client that sends its body byte by byte would hold a connection to the service for ever. HAProxy can only wait
  # for what fits its buffer: what comes after that has no limit on its whole duration.
  http-request wait-for-body time {milliseconds(edge.body_s)}
{body_rules(edge)}\
{forwarded_headers(proxies=bool(edge.trusted_proxies))}\
{https_headers(edge, https)}\
{trace_rules()}\
{choice.rules()}\
{strip_rules(choice)}\
{header_rules(edge)}\
{cors_rules(edge.cors)}\
{cache_rules(choice)}\
{compression(on=edge.compress)}\
{bridge_choice(edge, choice)}\
{_backends(choice)}\
  default_backend {NOWHERE}
"""


def _backends(choice: Choice) -> str:
    """Return the rules that send a request to the service of the chosen route."""
    services = dict.fromkeys(route.service for route in choice.routes)
    return lines(
        *(
            f"use_backend {service} if {choice.of(*(route for route in choice.routes if route.service == service))}"
            for service in services
        )
    )
