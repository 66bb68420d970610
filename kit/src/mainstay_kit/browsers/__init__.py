"""Headers for browsers: security restrictions, and CORS."""

from .cors import Cors
from .headers import SecurityHeaders

__all__ = ["Cors", "SecurityHeaders"]
