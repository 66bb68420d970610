"""The access log: one JSON line per request, including requests whose client left."""

import os
import time
from collections.abc import Callable, Sequence
from json.encoder import encode_basestring_ascii as quoted
from select import PIPE_BUF

from mainstay_kit.chain.asgi import ASGIApp
from mainstay_kit.chain.chain import Part
from mainstay_kit.chain.exchange import Exchange
from mainstay_kit.chain.routes import route

from .logs import configured_redactor, timestamp
from .redaction import Redactor

MAX_CACHED_PREFIXES = 1000
Write = Callable[[bytes], object]


class AccessLog(Part):
    """Logs client, method, path, status and duration of each request; not the query, which may contain tokens.

    A client that left is no error: the status is 499 if no response had begun. Successful probes are not logged.
    Without a *redactor*, the one given to `configure_logging` masks the secrets.
    """

    def __init__(
        self,
        app: ASGIApp | None = None,
        *,
        write: Write | None = None,
        redactor: Redactor | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._write = write or Descriptor(1).write
        self._redactor = redactor
        self._now = now
        self._prefixes: dict[tuple[str, str], str] = {}
        super().__init__(app)

    def on_batch_end(self, exchanges: Sequence[Exchange]) -> None:
        self._redactor = self._redactor or configured_redactor()
        begin = f'{{"at":"{timestamp(self._now())}","level":"info","message":"request",'
        logged = [exchange for exchange in exchanges if not exchange.probe or exchange.status >= 400]
        if logged:
            redact = self._redactor.text
            self._write("".join([begin + self._line(exchange, redact) for exchange in logged]).encode())

    def _line(self, exchange: Exchange, redact: Callable[[str], str]) -> str:
        path = redact(exchange.scope["path"])
        key = "WEBSOCKET" if exchange.websocket else exchange.method, exchange.route or route(exchange)
        client_left = ',"client_left":true' if exchange.client_left else ""
        # Built by hand, because this runs for every request and json.dumps takes three times as long.
        return (
            f'{self._prefixes.get(key) or self._prefix(key)}"path":{quoted(path)},"status":{exchange.status},'
            f'"took_s":{exchange.ended_at - exchange.started_at:.6f},"bytes":{exchange.bytes_sent},'
            f'"client":{quoted(exchange.client)},"request_id":"{exchange.request_id}","trace_id":"{exchange.trace_id}"{client_left}}}\n'
        )

    def _prefix(self, key: tuple[str, str]) -> str:
        """Return the part that all lines of a method and a route share; it is cached."""
        if len(self._prefixes) >= MAX_CACHED_PREFIXES:
            self._prefixes.clear()
        method, path = key
        logged = self._prefixes[key] = f'"method":{quoted(method)},"route":{quoted(path)},'
        return logged


class Descriptor:
    """A file descriptor to which several processes write. Each call writes whole lines, so that they do not interleave.

    If the reader of the log exits, no request fails: `lost` counts the lines that could not be written.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self.lost = 0

    def write(self, lines: bytes) -> None:
        while lines:
            # A pipe may interleave a longer write with those of other processes.
            end = len(lines) if len(lines) <= PIPE_BUF else lines.rfind(b"\n", 0, PIPE_BUF) + 1 or lines.find(b"\n") + 1
            self._write_whole(lines[:end])
            lines = lines[end:]

    def _write_whole(self, lines: bytes) -> None:
        try:
            written = os.write(self._number, lines)
            while written < len(lines):
                written += os.write(self._number, lines[written:])
        except OSError:
            self.lost += lines.count(b"\n")
