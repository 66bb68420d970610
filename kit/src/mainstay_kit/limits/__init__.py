"""Limits on body sizes, request rates and failed logins."""

from .body_limit import BodyLimit
from .failed_logins import FailedLogins, LoginRates
from .gcra import Rate, Verdict
from .rate_limit import Limit, RateLimit
from .rate_store import MemoryStore, RateStore

__all__ = [
    "BodyLimit",
    "FailedLogins",
    "Limit",
    "LoginRates",
    "MemoryStore",
    "Rate",
    "RateLimit",
    "RateStore",
    "Verdict",
]
