"""The access log: one JSON line a request, also for those whose client left."""

import os
import time
from collections.abc import Callable
from json.encoder import encode_basestring_ascii as quoted

from .asgi import ASGIApp
from .chain import Part
from .exchange import Exchange
from .logs import moment
from .redaction import Redactor
from .routes import route

CLIENT_LEFT = 499
Write = Callable[[bytes], object]


class AccessLog(Part):
    """Who asked what, how it ended and how long it took; the query is left out, because tokens travel in it.

    A client that left is a fact, not an error: 499 where nothing was answered yet. Successful probes are not told.
    """

    def __init__(
        self,
        app: ASGIApp | None = None,
        *,
        write: Write | None = None,
        redactor: Redactor | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._write = write or Descriptor(1)
        self._redact = (redactor or Redactor()).text
        self._now = now
        super().__init__(app)

    def leave(self, exchange: Exchange) -> None:
        status = exchange.status or (CLIENT_LEFT if exchange.client_left else 500)
        if exchange.probe and status < 400:
            return
        scope = exchange.scope
        took = (exchange.ended or time.perf_counter()) - exchange.began
        left = ',"client_left":true' if exchange.client_left else ""
        method = '"WEBSOCKET"' if exchange.websocket else quoted(scope["method"])
        # By hand, because this line is written for every request and json.dumps costs three times as much.
        line = (
            f'{{"at":"{moment(self._now())}","level":"info","message":"request","method":{method},'
            f'"path":{quoted(self._redact(scope["path"]))},"route":{quoted(route(exchange))},"status":{status},'
            f'"took_s":{took:.6f},"bytes":{exchange.sent},"client":{quoted(exchange.client)},'
            f'"request_id":"{exchange.request_id}","trace_id":"{exchange.trace_id}"{left}}}\n'
        )
        self._write(line.encode())


class Descriptor:
    """Writes whole lines to a file descriptor at once, so that processes which share it do not mix theirs.

    Whoever reads the log may go away or be slow: `lost` counts what could not be written, and no request fails.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self.lost = 0

    def __call__(self, line: bytes) -> None:
        try:
            while line:
                line = line[os.write(self._number, line) :]
        except OSError:
            self.lost += 1
