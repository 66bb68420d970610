"""Compute the rate, the errors and the response times of each release's requests in the last minute."""

import math

import msgspec

from mainstay.drivers.targets.target import Target
from mainstay.errors import Unreachable
from mainstay.model.signals import AnsweredBy, Counts, Signals, answered_by, by_release

WINDOW_S = 60.0


class RequestRates(msgspec.Struct, frozen=True):
    """The requests of the last minute that one release of a service answered, without those of the preview door.

    Requests that no release answered have entries of their own, one for each `service` and `answered_by`.
    """

    service: str
    """`-` for requests that the edge answered itself."""
    release: int
    """The release's number; 0 for requests that reached no instance."""
    answered_by: AnsweredBy
    """release: an instance of the release · edge: the edge itself, because it refused or redirected the request, or no
    route matched · unready: the edge, because no instance of the service was ready."""
    requests_per_s: float
    error_percent: float
    """Percentage of the requests whose response had a status from 500 up or ended early; aborted requests left out."""
    p50_ms: float
    """Milliseconds within which 50 % of the responses began, exact to 5 %; 0 if none has begun."""
    p95_ms: float
    """Milliseconds within which 95 % of the responses began, exact to 5 %."""
    p99_ms: float
    """Milliseconds within which 99 % of the responses began, exact to 5 %."""
    client_error_percent: float = 0.0
    """Percentage of the requests whose response had a status from 400 to 499."""
    redirect_percent: float = 0.0
    """Percentage of the requests whose response had a status from 300 to 399, without 304."""
    late_percent: float = 0.0
    """Percentage of the requests that had no response after 5 seconds, or of those whose client left before it had one,
    whichever is larger. Requests that still wait count too."""


def request_rates(target: Target) -> tuple[tuple[RequestRates, ...], int]:
    """Return the rates of the last minute, and how many of its requests are not counted because log lines were lost.

    Returns no rates and 0 when the supervisor is not running.
    """
    try:
        now, before = target.signals(), target.signals(WINDOW_S)
    except Unreachable:
        return (), 0
    return between(before, now), now.lost - (before.lost if before.epoch == now.epoch else 0)


def between(before: Signals, now: Signals) -> tuple[RequestRates, ...]:
    """Return the rates of the requests between *before* and *now*, without releases that had no request."""
    took_s = now.at_s - before.at_s
    counted = sorted(by_release(now.since(before)).items())
    return tuple(
        _rates(*key, counts, took_s) for key, counts in counted if (counts.requests or counts.timed) and took_s > 0
    )


def _rates(service: str, release: int, counts: Counts, took_s: float) -> RequestRates:
    p50, p95, p99 = (_rounded(counts.latency.quantile_ms(share)) for share in (0.5, 0.95, 0.99))
    errors, client_errors, redirects = (
        _percent(each, counts.requests) for each in (counts.errors, counts.client_errors, counts.redirects)
    )
    late = _percent(counts.without_response, counts.timed)
    by, rate = answered_by(service, release), round(counts.requests / took_s, 3)
    return RequestRates(service, release, by, rate, errors, p50, p95, p99, client_errors, redirects, late)


def _percent(hits: int, total: int) -> float:
    return round(100 * hits / total, 4) if total else 0.0


def _rounded(milliseconds: float) -> float:
    return 0.0 if math.isnan(milliseconds) else round(milliseconds, 1)
