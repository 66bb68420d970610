"""What a service in production needs around its application: parts of ASGI middleware, alone or all together.

Parts that need a library of their own are imported from their module: `tokens`, `bearer`, `passwords`, `client`,
`postgres`.
"""

from .access_log import AccessLog
from .answer import Answer
from .body_limit import BodyLimit
from .chain import Chain, Part
from .cors import Cors
from .dependency import Dependency
from .errors import KitError, Misconfigured
from .exchange import Exchange, current
from .failed_logins import FailedLogins
from .gcra import Rate
from .headers import SecurityHeaders
from .logs import JsonFormatter, configure_logging
from .metrics import Metrics
from .preview import Preview
from .probes import Probes
from .problems import Problem, Problems
from .proxies import TrustedProxies
from .rate_limit import Limit, RateLimit
from .rate_store import MemoryStore, RateStore
from .redaction import Redactor
from .registry import Registry
from .rules import Rule
from .secret import Secret
from .service import protect
from .service_token import ServiceToken
from .stopping import GracefulStop
from .trace import RequestContext
from .variables import VariablesInvalid, read_variables, secrets_of

__all__ = [
    "AccessLog",
    "Answer",
    "BodyLimit",
    "Chain",
    "Cors",
    "Dependency",
    "Exchange",
    "FailedLogins",
    "GracefulStop",
    "JsonFormatter",
    "KitError",
    "Limit",
    "MemoryStore",
    "Metrics",
    "Misconfigured",
    "Part",
    "Preview",
    "Probes",
    "Problem",
    "Problems",
    "Rate",
    "RateLimit",
    "RateStore",
    "Redactor",
    "Registry",
    "RequestContext",
    "Rule",
    "Secret",
    "SecurityHeaders",
    "ServiceToken",
    "TrustedProxies",
    "VariablesInvalid",
    "configure_logging",
    "current",
    "protect",
    "read_variables",
    "secrets_of",
]
