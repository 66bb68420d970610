"""Metrics and their exposition as Prometheus text."""

from .registry import Counter, Gauge, Histogram, Registry, edges_for
from .requests import Metrics

__all__ = ["Counter", "Gauge", "Histogram", "Metrics", "Registry", "edges_for"]
