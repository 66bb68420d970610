"""Metrics of the requests: count, status and duration; and `/metrics` to read them."""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from mainstay_kit.chain.asgi import ASGIApp
from mainstay_kit.chain.chain import Outcome, Part
from mainstay_kit.chain.exchange import Exchange
from mainstay_kit.chain.response import Response
from mainstay_kit.chain.routes import route
from mainstay_kit.problems import problem_response

from .exposition import CONTENT_TYPE
from .registry import Counter, Histogram, Registry, buckets_for

THRESHOLDS = (0.1, 0.2, 0.5, 1.0, 2.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
MAX_ENDPOINTS = 200
OTHER = "other"
Series = tuple[Counter, Histogram]


def allow_all(_exchange: Exchange) -> bool:
    return True


class Metrics(Part):
    """`http_requests_total{method,endpoint,status}` and `http_request_duration_seconds{method,endpoint}`.

    The endpoint is the route's template; above 200 templates it is `other`, so that clients cannot exhaust the
    memory of the monitoring system. Bucket edges include the thresholds that alerts and releases compare with. Probes
    are not counted: they would make every error rate look lower than it is.
    """

    def __init__(
        self,
        app: ASGIApp | None = None,
        *,
        registry: Registry | None = None,
        thresholds: Iterable[float] = THRESHOLDS,
        path: str = "/metrics",
        may_read: Callable[[Exchange], bool] = allow_all,
    ) -> None:
        self.registry = registry or Registry()
        self._buckets = buckets_for(*thresholds)
        self.paths = (path,)
        self._may_read = may_read
        self._series: dict[tuple[str, str, int], Series] = {}
        self._endpoints: set[str] = set()
        super().__init__(app)

    def on_request(self, exchange: Exchange) -> Outcome:
        if exchange.websocket:
            return None
        exchange.probe = True
        return self._render() if self._may_read(exchange) else problem_response(403)

    def on_batch_end(self, exchanges: Sequence[Exchange]) -> None:
        for exchange in exchanges:
            if not exchange.probe and not exchange.websocket:
                key = (exchange.method, exchange.route or route(exchange), exchange.status)
                count, duration = self._series.get(key) or self._new_series(*key)
                count.inc()
                duration.observe(exchange.ended_at - exchange.started_at)

    def _new_series(self, method: str, endpoint: str, status: int) -> Series:
        """Return the series for a new combination; an unknown method or an endpoint above the limit becomes `other`."""
        known_method = method if method in METHODS else OTHER
        if endpoint not in self._endpoints and len(self._endpoints) >= MAX_ENDPOINTS:
            endpoint = OTHER
        self._endpoints.add(endpoint)
        labels = {"method": known_method, "endpoint": endpoint}
        series = (
            self.registry.counter("http_requests_total", "Requests completed.", **labels, status=str(status)),
            self.registry.histogram(
                "http_request_duration_seconds", "Seconds until the response was complete.", self._buckets, **labels
            ),
        )
        if known_method == method and endpoint != OTHER:
            self._series[method, endpoint, status] = series
        return series

    async def _render(self) -> Response:
        text = await asyncio.to_thread(self.registry.text)
        return Response(200, text, ((b"content-type", CONTENT_TYPE), (b"cache-control", b"no-store")))
