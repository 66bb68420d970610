"""Rate limit: how often one client may send requests."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil

from mainstay_kit.chain.asgi import ASGIApp
from mainstay_kit.chain.chain import Outcome, Part
from mainstay_kit.chain.exchange import Exchange
from mainstay_kit.chain.response import Response
from mainstay_kit.problems import problem_response

from .gcra import Rate, Verdict
from .rate_store import MemoryStore, RateStore, network_of

RATELIMIT = b"limit=%d, remaining=%d, reset=%d"
log = logging.getLogger(__name__)


def client_address(exchange: Exchange) -> str:
    return network_of(exchange.client)


@dataclass(frozen=True, slots=True)
class Limit:
    """A rate for all paths under *path*, counted separately for each *key*, by default the client's address.

    Limits of different names are counted independently; without a *name*, the path is the name. Without *methods*, the
    limit is for all methods.
    """

    path: str
    rate: Rate
    name: str = ""
    methods: frozenset[str] = frozenset()
    key: Callable[[Exchange], str] = client_address
    prefix: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "prefix", self.path.rstrip("/") + "/")
        object.__setattr__(self, "name", self.name or self.path)


class RateLimit(Part):
    """Applies the first limit that covers a request; above it the response is 429 with `Retry-After`.

    When the store fails, requests pass (`fail_closed=False`) or get 503 (`fail_closed=True`); choose what harms the
    service less. The failure is logged in both cases.
    """

    def __init__(
        self,
        app: ASGIApp | None = None,
        *,
        limits: Iterable[Limit],
        store: RateStore | None = None,
        fail_closed: bool = False,
    ) -> None:
        self._limits: Sequence[Limit] = tuple(limits)
        self._store = store or MemoryStore()
        self._fail_closed = fail_closed
        super().__init__(app)

    def on_request(self, exchange: Exchange) -> Outcome:
        path = exchange.path
        for limit in self._limits:
            covered = path.startswith(limit.prefix) or path == limit.path
            if covered and (not limit.methods or exchange.method in limit.methods):
                verdict = self._store.take(f"{limit.name} {limit.key(exchange)}", limit.rate)
                if isinstance(verdict, Verdict):
                    return _apply(exchange, limit, verdict)
                return self._apply_when_ready(exchange, limit, verdict)
        return None

    async def _apply_when_ready(self, exchange: Exchange, limit: Limit, pending: Awaitable[Verdict]) -> Response | None:
        try:
            return _apply(exchange, limit, await pending)
        except Exception:  # a store's driver may raise anything; `fail_closed` decides the response
            log.exception("the store of the rate limit failed")
            return problem_response(503, "", (b"retry-after", b"1")) if self._fail_closed else None


def _apply(exchange: Exchange, limit: Limit, verdict: Verdict) -> Response | None:
    allowed, remaining, retry_after, reset_after = verdict
    rate = limit.rate
    exchange.added_headers.append((b"ratelimit", RATELIMIT % (rate.burst or rate.limit, remaining, ceil(reset_after))))
    if allowed:
        return None
    seconds = max(1, ceil(retry_after))
    return problem_response(429, f"try again in {seconds} s", (b"retry-after", b"%d" % seconds))
