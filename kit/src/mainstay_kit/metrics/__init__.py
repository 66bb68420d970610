"""Metrics and their exposition as Prometheus text.

prometheus_client's multiprocess mode needs an environment variable before import, an exit hook in each worker and a
cleanup at each start; this package needs only a shared folder. `benchmarks/results/kit.json` has the cost of a request
with it and with prometheus-fastapi-instrumentator ("everything" and "usual", each with further middleware).
"""

from .registry import Counter, Gauge, Histogram, Registry, buckets_for
from .requests import Metrics

__all__ = ["Counter", "Gauge", "Histogram", "Metrics", "Registry", "buckets_for"]
