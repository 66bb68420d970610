"""ASGI middleware that a production service needs around its application; each part works alone or with the others.

Modules that need a third-party library are not imported here. Import them by name: `tokens`, `passwords`, `client`,
`postgres`, and the stores `limits.in_postgres` and `tokens.in_postgres`.
"""

from .browsers.cors import Cors
from .browsers.headers import SecurityHeaders
from .chain.chain import Chain, Part
from .chain.exchange import Exchange, current
from .chain.response import Response
from .errors import KitError, Misconfigured
from .limits.body_limit import BodyLimit
from .limits.failed_logins import FailedLogins
from .limits.gcra import Rate
from .limits.rate_limit import Limit, RateLimit
from .limits.rate_store import MemoryStore, RateStore
from .logs.access_log import AccessLog
from .logs.logs import JsonFormatter, configure_logging
from .logs.redaction import Redactor
from .logs.trace import RequestContext
from .metrics.registry import Registry
from .metrics.requests import Metrics
from .preview import Preview
from .probes.dependency import Dependency
from .probes.probes import Probes
from .probes.stopping import GracefulStop
from .problems import Problem, Problems
from .proxies import TrustedProxies
from .service import protect
from .service_token import ServiceToken
from .variables.rules import Rule
from .variables.secret import Secret
from .variables.variables import VariablesInvalid, read_variables, secrets_of

__all__ = [
    "AccessLog",
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
    "Response",
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
