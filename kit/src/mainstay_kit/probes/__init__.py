"""Health probes and graceful stop, for process managers and load balancers."""

from .dependency import Dependency
from .probes import Probes
from .stopping import GracefulStop

__all__ = ["Dependency", "GracefulStop", "Probes"]
