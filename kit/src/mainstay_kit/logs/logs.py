"""JSON logs: one object per line, with the ids of its request, without secrets."""

import json
import logging
import sys
import time
import traceback
from typing import TextIO

from mainstay_kit.chain.exchange import current

from .redaction import Redactor

STANDARD_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
SERVER_ACCESS = ("uvicorn.access", "hypercorn.access")
SERVERS = ("uvicorn", "uvicorn.error", "hypercorn.error")


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON: `{at, level, logger, message, request_id?, trace_id?, error?, …extra}`.

    Line breaks and control characters in values are encoded, and known secrets masked.
    """

    def __init__(self, redactor: Redactor | None = None) -> None:
        super().__init__()
        self.redactor = redactor or Redactor()

    def format(self, record: logging.LogRecord) -> str:
        redact = self.redactor.text
        line: dict[str, object] = {
            "at": timestamp(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        exchange = current.get()
        if exchange is not None and exchange.request_id:
            line |= {"request_id": exchange.request_id, "trace_id": exchange.trace_id}
        for name, value in vars(record).items():
            if name not in STANDARD_ATTRIBUTES and name not in line:
                line[name] = self.redactor.value(name, value)
        if record.exc_info and record.exc_info[1] is not None:
            # Without locals: they may hold anything that the request contained.
            line["error"] = redact("".join(traceback.format_exception(record.exc_info[1])))
        return json.dumps(line, separators=(",", ":"), ensure_ascii=True)


def configure_logging(*, level: str = "INFO", redactor: Redactor | None = None, stream: TextIO | None = None) -> None:
    """Write all of the process's logs as JSON lines to *stream* (default: stdout); disable the server's own access log.

    *level* applies to these logs only: `AccessLog` has no level and always writes.
    """
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonFormatter(redactor))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in SERVERS:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name in SERVER_ACCESS:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = False


def configured_redactor() -> Redactor:
    """Return the redactor that was given to `configure_logging`; one without secrets if it was not called."""
    formatters = (handler.formatter for handler in logging.getLogger().handlers)
    return next((one.redactor for one in formatters if isinstance(one, JsonFormatter)), Redactor())


MILLISECONDS = tuple(f".{number:03d}Z" for number in range(1000))
_cached_second = (0.0, 0.0, "")


def timestamp(at: float) -> str:
    """Return *at* (Unix time) as RFC 3339 with milliseconds. The seconds part is formatted once per second."""
    global _cached_second  # noqa: PLW0603 one tuple, replaced as a whole
    begin, end, text = _cached_second
    if not begin <= at < end:
        begin = at // 1
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(begin))
        _cached_second = (begin, begin + 1, text)
    return text + MILLISECONDS[int((at - begin) * 1000)]
