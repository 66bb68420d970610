"""Logs: JSON lines, the access log, request ids and traces, with secrets redacted."""

from .access_log import AccessLog
from .logs import JsonFormatter, configure_logging, timestamp
from .redaction import Redactor
from .trace import RequestContext, traceparent

__all__ = ["AccessLog", "JsonFormatter", "Redactor", "RequestContext", "configure_logging", "timestamp", "traceparent"]
