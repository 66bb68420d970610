"""`metrics`: read counters of requests and response times, and format them for Prometheus. No service is contacted."""

from collections.abc import Iterator

from mainstay.model.signals import GROWTH, LATE_S, Counts, Signals, SignalSource
from mainstay.operations.context import Context

BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the histogram's buckets, in seconds."""
_COUNTERS = {
    "requests": "Requests that were answered.",
    "errors": "Requests that were answered with a status from 500 up, or whose response ended early.",
    "client_errors": "Requests that were answered with a status from 400 to 499.",
    "redirects": "Requests that were answered with a status from 300 to 399, without 304.",
    "refused": "Connections that an instance refused or did not answer.",
    "aborted": "Requests that the client aborted.",
    "late": f"Requests whose response had not begun after {LATE_S} s.",
}


def metrics(context: Context) -> Signals:
    """Return the counters of requests since the supervisor started.

    Raises BadInput when nothing was deployed here yet, and Unreachable when the supervisor is not running.
    """
    return context.target(context.stored()).signals()


def exposition(now: Signals) -> Iterator[str]:
    """Yield the lines of the counters *now* in the Prometheus exposition format."""
    for name, does in _COUNTERS.items():
        metric = f"mainstay_{name}_total"
        yield from _head(metric, does, "counter")
        yield from (f"{metric}{_labels(source)} {getattr(counts, name)}" for source, counts in now.counts)
    metric = "mainstay_response_seconds"
    yield from _head(metric, "Time until the response began.", "histogram")
    for source, counts in now.counts:
        yield from _histogram(metric, source, counts)
    yield from _head("mainstay_requests_not_counted_total", "Requests whose log lines were lost.", "counter")
    yield f"mainstay_requests_not_counted_total {now.lost}"


def _head(metric: str, does: str, kind: str) -> tuple[str, str]:
    return f"# HELP {metric} {does}", f"# TYPE {metric} {kind}"


def _histogram(metric: str, source: SignalSource, counts: Counts) -> Iterator[str]:
    times = {GROWTH**bucket / 1000: count for bucket, count in counts.latency.buckets.items()}
    for bound in BOUNDS_S:
        within = sum(count for seconds, count in times.items() if seconds <= bound)
        yield f"{metric}_bucket{_labels(source, le=f'{bound:g}')} {within}"
    yield f"{metric}_bucket{_labels(source, le='+Inf')} {counts.latency.count}"
    yield f"{metric}_sum{_labels(source)} {sum(seconds * count for seconds, count in times.items()):.6g}"
    yield f"{metric}_count{_labels(source)} {counts.latency.count}"


def _labels(source: SignalSource, **more: str) -> str:
    named = {"service": source.service, "release": str(source.release), "instance": source.instance}
    named |= {"route": source.route, "answered_by": source.answered_by} | more
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in named.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
