"""The section `limits` of the edge: how large and how frequent the requests of clients may be."""

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema

from mainstay.manifest.base import Section, rule_error
from mainstay.manifest.scalars import DURATION, HttpPath, Size, seconds, shown
from mainstay.model.limits import LONGEST_HEADERS, Limits, Rate

_RATE = re.compile(r"([1-9]\d{0,8})/(s|m|h|d|" + DURATION.pattern + ")")
LONGEST_WINDOW_S = 30 * 86_400


def _rate(value: object) -> object:
    """Return the rate that *value* means: `100/15m`, `10/s` or `1000/1h30m`."""
    found = _RATE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise rule_error("bad-rate", f"{shown(value)} is not a rate", "write REQUESTS/TIME: 100/15m, 10/s or 1000/h")
    window = seconds(found[2] if found[2][0].isdigit() else f"1{found[2]}")
    assert isinstance(window, float)
    if not window.is_integer() or not 1 <= window <= LONGEST_WINDOW_S:
        what = f"{shown(value)} counts for {window:g} s, which is not a number of whole seconds up to 30 days"
        raise rule_error("bad-rate", what, "write a time such as 1s, 15m or 1h")
    return Rate(int(found[1]), int(window))


def _headers(value: int) -> int:
    if value > LONGEST_HEADERS:
        what = f"headers of {value} bytes do not fit the edge's buffer"
        raise rule_error("bad-size", what, f"write {LONGEST_HEADERS}B or less")
    return value


def _network(value: object) -> object:
    """Return the text of a network in CIDR form; a single address is a network of one."""
    try:
        network = ipaddress.ip_network(value if isinstance(value, str) else "", strict=False)
    except ValueError:
        what = f"{shown(value)} is neither an address nor a network"
        raise rule_error("bad-network", what, "list the addresses of your proxies, such as 10.0.0.0/8") from None
    if ipaddress.ip_interface(str(value)).ip != network.network_address:
        raise rule_error("bad-network", f"{shown(value)} is an address inside a network", f"write {network}")
    return str(network)


RequestRate = Annotated[
    Rate,
    PlainValidator(_rate),
    PlainSerializer(lambda rate: f"{rate.requests}/{rate.window_s}s"),
    WithJsonSchema({"type": "string", "pattern": f"^{_RATE.pattern}$"}),
]
Network = Annotated[str, BeforeValidator(_network), WithJsonSchema({"type": "string"})]


class RatesSection(Section):
    """Rates of requests, each written REQUESTS/TIME.

    A client is an IPv4 address or a /64 network of IPv6. TIME begins with the client's first request. After REQUESTS
    requests, the edge answers further ones 429 with `Retry-After` until TIME is over, and does not count them.
    Responses to requests for which a rate is declared have the headers `X-RateLimit-Limit`, `X-RateLimit-Remaining` and
    `X-RateLimit-Reset`. The counts survive reloads of the edge, not its restart. Calls between services are not
    counted.
    """

    per_client: RequestRate | None = Field(default=None, examples=["100/15m"])
    """The rate of all requests of one client."""

    routes: dict[HttpPath, RequestRate] = Field(default={}, examples=[{"/api/auth/login": "5/15m"}])
    """For each path, the rate of one client's requests below that path, in addition to `per_client`. If several paths
    match a request, it counts only for the longest one."""

    exempt: tuple[HttpPath, ...] = Field(default=(), examples=[["/health"]])
    """Paths for which, and below which, no request is counted or refused, such as that of an external health check."""


class LimitsSection(Section):
    """Limits on requests from outside. A limit that is not declared does not apply, except the one for `headers`."""

    body: Size | None = Field(default=None, examples=["1MB"])
    """The largest body of a request; a request with a larger one is answered 413.

    The edge cannot measure a body whose length is not declared (`Transfer-Encoding: chunked`, or HTTP/2 without
    `Content-Length`). With this limit, a request with such a body of more than 4 KB is answered 411.
    """

    headers: Annotated[Size, AfterValidator(_headers)] | None = Field(default=None, examples=["8KB"])
    """The most bytes that all headers of a request may have together, at most 10240B; a request with more is answered
    431. Default: 10240B if `body` is set, else no limit."""

    connections: Annotated[int, Field(ge=1)] | None = Field(default=None, examples=[100])
    """The most connections that one client may have open; the edge closes further ones. Trusted proxies may open any
    number."""

    requests: RatesSection = Field(default=RatesSection(), examples=[{"per_client": "100/15m"}])
    """How many requests a client may send in a given time."""

    def to_limits(self) -> Limits:
        """Return the limits for the edge."""
        rates = self.requests
        return Limits(
            body_bytes=self.body,
            headers_bytes=self.headers,
            connections=self.connections,
            per_client=rates.per_client,
            routes=tuple(rates.routes.items()),
            exempt=rates.exempt,
        )
