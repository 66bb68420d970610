"""Limits on the rate of requests: tables, which survive a reload, count the requests of each client in a time window.

A window begins with the first request of a client. A refused request does not count, so a client that keeps trying may
send again when its window ends.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from mainstay.drivers.edge.haproxy.config.paths import condition
from mainstay.drivers.edge.haproxy.config.preview_header import SENT_BY_MAINSTAY
from mainstay.drivers.edge.haproxy.config.refusals import refused
from mainstay.drivers.edge.haproxy.config.syntax import lines, quoted
from mainstay.model import Edge, Route
from mainstay.model.limits import Rate
from mainstay.system.state_dir import Folders
from mainstay.system.users import UserIds

CLIENT = "src,ipmask(32,64)"
"""The key of a client in a table: its IPv4 address or its IPv6 /64, whose addresses one client can all use."""
CLIENTS = 100_000
"""The number of clients in a table. A full table replaces the least recently used entry."""
_ENTIRE, _OF_ROUTE = 0, 1
"""The numbers of HAProxy's counters (`sc0`, `sc1`): for all requests of the client, and for those of one route."""


class _Rule(NamedTuple):
    """A rate, the name of the table that counts its requests, and the condition under which a request counts."""

    table: str
    rate: Rate
    condition: str


def rate_tables(edge: Edge, folders: Folders, user: UserIds | None) -> str:
    """Return the section of the tables; empty without rates.

    At a reload the old worker sends their entries to the new one over a socket, unless HAProxy was started less than
    5 s ago. *user* is the user of HAProxy's workers; None: Mainstay's.
    """
    rules = [*_client_rules(edge), *_route_rules(edge)]
    if not rules:
        return ""
    owner = f" uid {user.uid}" if user else ""
    tables = (
        f"table {rule.table} type ipv6 size {CLIENTS} expire {rule.rate.window_s}s store gpc0,gpt0" for rule in rules
    )
    socket = quoted(f"unix@{folders.rates_socket}")
    return "peers rates\n" + lines(f"bind {socket} mode 600{owner}", "server edge", *tables)


def rate_rules(edge: Edge) -> str:
    """Return the rules that answer 429 above a client's rate, and that set the `X-RateLimit-*` headers."""
    counters = {_ENTIRE: _client_rules(edge), _OF_ROUTE: _route_rules(edge)}
    used = [(number, rules) for number, rules in counters.items() if rules]
    if not used:
        return ""
    return lines(
        "http-request set-var(req.now) date",
        *(line for number, rules in used for line in _tracked(number, rules)),
        *(_refused(number, rules) for number, rules in used),
        "http-after-response set-header Retry-After %[var(txn.wait)] if { var(txn.wait) -m found }",
        *refused(429, "{ var(txn.wait) -m found }"),
        # Without effect when the counter does not track the request.
        *(f"http-request sc-inc-gpc0({number})" for number, _ in used),
        *(line for number, rules in used for line in _headers(number, rules)),
    )


def limited_routes(edge: Edge) -> list[Route]:
    """Return the paths that have a rate or are exempt, as routes, so that `path_rules` includes them."""
    return [Route(path, "") for path in (*(path for path, _ in edge.limits.routes), *edge.limits.exempt)]


def _client_rules(edge: Edge) -> list[_Rule]:
    rate = edge.limits.per_client
    return [_Rule("client", rate, _not_exempt(edge))] if rate else []


def _route_rules(edge: Edge) -> list[_Rule]:
    """Return the rules for routes, longest path first, because the first rule that matches a request counts it."""
    ordered = sorted(edge.limits.routes, key=lambda each: -len(each[0]))
    return [
        _Rule(f"route:{_digest(path)}", rate, f"{condition(Route(path, ''))} {_not_exempt(edge)}")
        for path, rate in ordered
    ]


def _digest(path: str) -> str:
    """Return the part of a table's name for *path*. Changes of other rates keep the name, and so the table's counts."""
    return hashlib.sha256(path.encode()).hexdigest()[:8]


def _not_exempt(edge: Edge) -> str:
    return " ".join(f"!{condition(Route(path, ''))}" for path in edge.limits.exempt)


def _tracked(number: int, rules: list[_Rule]) -> list[str]:
    """Return the rules that choose the table for the counter *number*, and begin a new window after the last one."""
    left, over = f"txn.left{number}", f"{{ var(req.over{number}) -m bool }}"
    limit, window = _limit(number, rules), _window(number, rules)
    several = len(rules) > 1
    chosen = []
    for rule in rules:
        untracked = f"!{{ sc{number}_tracked }} " if several else ""
        first = f"if {untracked}!{SENT_BY_MAINSTAY} {rule.condition}".rstrip()
        chosen += [
            *limit.stored(rule.rate.requests, first),
            *window.stored(rule.rate.window_s, first),
            f"http-request track-sc{number} {CLIENT} table rates/{rule.table} {first}",
        ]
    tracked = f"if {{ sc{number}_tracked }}"
    # A window that ends later than a new one would: the clock was set back. It is over too.
    ended = f"{{ var({left}) -m int le 0 }} or {{ sc{number}_tracked }} {{ var({left}),sub({window.argument}) gt 0 }}"
    return [
        *chosen,
        f"http-request set-var({left}) sc_get_gpt0({number}),sub(req.now) {tracked}",
        f"http-request set-var(req.over{number}) bool(true) {tracked} {ended}",
        # For the effect of the fetch, which sets the count to 0; nothing reads the variable.
        f"http-request set-var(req.counted{number}) sc_clr_gpc0({number}) if {over}",
        f"http-request sc-set-gpt0({number}) var(req.now),add({window.argument}) if {over}",
        f"http-request set-var({left}) {window.value} if {over}",
    ]


def _refused(number: int, rules: list[_Rule]) -> str:
    beyond = f"{{ sc_get_gpc0({number}),sub({_limit(number, rules).argument}) ge 0 }}"
    return f"http-request set-var(txn.wait) var(txn.left{number}) if {beyond}"


def _headers(number: int, rules: list[_Rule]) -> list[str]:
    """Return the rules that set the headers for the counter *number*; they replace those of a lower number."""
    limit = _limit(number, rules)
    values = {
        "Limit": limit.value,
        "Remaining": f"sc_get_gpc0({number}),neg,add({limit.argument})",
        "Reset": f"var(txn.left{number})",
    }
    return [
        f"http-after-response set-header X-RateLimit-{name} %[{value}] if {{ sc{number}_tracked }}"
        for name, value in values.items()
    ]


class _Number(NamedTuple):
    """A number that the rules use: constant, or in a variable when it depends on the rate that applies."""

    argument: str
    """The number as an argument of a converter."""
    value: str
    """The number as an expression."""

    def stored(self, number: int, condition: str) -> list[str]:
        """Return the rule that stores *number* under *condition*; none for a constant."""
        return [] if self.argument.isdigit() else [f"http-request set-var({self.argument}) int({number}) {condition}"]


def _limit(number: int, rules: list[_Rule]) -> _Number:
    return _number(f"txn.limit{number}", [rule.rate.requests for rule in rules])


def _window(number: int, rules: list[_Rule]) -> _Number:
    """Return the length of the window in seconds."""
    return _number(f"req.window{number}", [rule.rate.window_s for rule in rules])


def _number(variable: str, values: Sequence[int]) -> _Number:
    same = len(set(values)) == 1
    return _Number(str(values[0]), f"int({values[0]})") if same else _Number(variable, f"var({variable})")
