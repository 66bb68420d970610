"""What users got in the last minute: rate, errors and times of each service and release."""

import math

import msgspec

from mainstay.drivers.targets.target import Target
from mainstay.errors import Unreachable
from mainstay.model.signals import Counts, Signals, by_release

WINDOW_S = 60.0


class RequestRates(msgspec.Struct, frozen=True):
    """The requests that one release of a service answered in the last minute, those of the preview door left out."""

    service: str
    release: int
    """0: no instance received them."""
    requests_per_s: float
    error_percent: float
    """Responses with a status from 500 up, and responses that ended early; of all requests that no client aborted."""
    p50_ms: float
    """Half of the responses began within this time, which is exact to 5 %; so with 95 and 99 % of them."""
    p95_ms: float
    p99_ms: float


def request_rates(target: Target) -> tuple[tuple[RequestRates, ...], int]:
    """Return the rates of the last minute, and how many of its requests were not counted; nothing if none are."""
    try:
        now, before = target.signals(), target.signals(WINDOW_S)
    except Unreachable:
        return (), 0
    return between(before, now), now.lost - (before.lost if before.epoch == now.epoch else 0)


def between(before: Signals, now: Signals) -> tuple[RequestRates, ...]:
    """Return the rates from *before* to *now*, without releases that had no request."""
    took_s = now.at_s - before.at_s
    counted = sorted(by_release(now.since(before)).items())
    return tuple(_rates(*key, counts, took_s) for key, counts in counted if counts.requests and took_s > 0)


def _rates(service: str, release: int, counts: Counts, took_s: float) -> RequestRates:
    p50, p95, p99 = (_rounded(counts.latency.quantile_ms(share)) for share in (0.5, 0.95, 0.99))
    errors = 100 * counts.errors / counts.requests
    return RequestRates(service, release, round(counts.requests / took_s, 3), round(errors, 4), p50, p95, p99)


def _rounded(milliseconds: float) -> float:
    return 0.0 if math.isnan(milliseconds) else round(milliseconds, 1)
