"""How it is, for those who start, balance and stop it."""

from .dependency import Dependency
from .probes import Probes
from .stopping import GracefulStop

__all__ = ["Dependency", "GracefulStop", "Probes"]
