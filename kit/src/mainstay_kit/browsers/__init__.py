"""What browsers are told: what to refuse, and who may read answers."""

from .cors import Cors
from .headers import SecurityHeaders

__all__ = ["Cors", "SecurityHeaders"]
