"""What is told of a request: JSON lines, the access log, ids and traces, and nothing of secrets."""

from .access_log import AccessLog
from .logs import JsonFormatter, configure_logging, moment
from .redaction import Redactor
from .trace import RequestContext, traceparent

__all__ = ["AccessLog", "JsonFormatter", "Redactor", "RequestContext", "configure_logging", "moment", "traceparent"]
