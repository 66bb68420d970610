"""Metrics of the requests: count, status and duration; and `/metrics` to read them."""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from mainstay_kit.chain.answer import Answer
from mainstay_kit.chain.asgi import ASGIApp
from mainstay_kit.chain.chain import Outcome, Part
from mainstay_kit.chain.exchange import Exchange
from mainstay_kit.chain.routes import route
from mainstay_kit.problems import problem_answer

from .exposition import KIND
from .registry import Counter, Histogram, Registry, edges_for

THRESHOLDS = (0.1, 0.2, 0.5, 1.0, 2.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
ENDPOINTS_AT_MOST = 200
OTHER = "other"
Series = tuple[Counter, Histogram]


def anybody(_exchange: Exchange) -> bool:
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
        may_read: Callable[[Exchange], bool] = anybody,
    ) -> None:
        self.registry = registry or Registry()
        self._edges = edges_for(*thresholds)
        self.paths = (path,)
        self._may_read = may_read
        self._series: dict[tuple[str, str, int], Series] = {}
        self._endpoints: set[str] = set()
        super().__init__(app)

    def enter(self, exchange: Exchange) -> Outcome:
        if exchange.websocket:
            return None
        exchange.probe = True
        return self._tell() if self._may_read(exchange) else problem_answer(403)

    def record(self, ended: Sequence[Exchange]) -> None:
        for exchange in ended:
            if not exchange.probe and not exchange.websocket:
                key = (exchange.method, exchange.route or route(exchange), exchange.status)
                count, duration = self._series.get(key) or self._begin(*key)
                count.add()
                duration.observe(exchange.ended - exchange.began)

    def _begin(self, method: str, endpoint: str, status: int) -> Series:
        """Return the series for a new combination; an unknown method or an endpoint above the limit becomes `other`."""
        known_method = method if method in METHODS else OTHER
        if endpoint not in self._endpoints and len(self._endpoints) >= ENDPOINTS_AT_MOST:
            endpoint = OTHER
        self._endpoints.add(endpoint)
        where = {"method": known_method, "endpoint": endpoint}
        series = (
            self.registry.counter("http_requests_total", "Requests answered.", **where, status=str(status)),
            self.registry.histogram(
                "http_request_duration_seconds", "Time until the answer was whole.", self._edges, **where
            ),
        )
        if known_method == method and endpoint != OTHER:
            self._series[method, endpoint, status] = series
        return series

    async def _tell(self) -> Answer:
        text = await asyncio.to_thread(self.registry.text)
        return Answer(200, text, ((b"content-type", KIND), (b"cache-control", b"no-store")))
