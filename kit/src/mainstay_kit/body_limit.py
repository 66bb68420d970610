"""Body limit: how much a request may send, whether it says so beforehand or not."""

from .answer import Answer
from .asgi import ASGIApp
from .chain import Part
from .errors import Misconfigured
from .exchange import Exchange
from .problems import problem_answer

MEBIBYTE = 1024 * 1024


class BodyLimit(Part):
    """Refuses at once by `content-length`, and counts what comes: a chunked body says nothing beforehand.

    413 goes out while the body is still coming; the application then sees its client leave.
    """

    def __init__(self, app: ASGIApp | None = None, *, limit_bytes: int = 10 * MEBIBYTE) -> None:
        if limit_bytes <= 0:
            raise Misconfigured(f"{limit_bytes} bytes are no limit", remedy="give the most bytes of a body")
        self._limit = limit_bytes
        what = f"the body is larger than {limit_bytes} bytes"
        # The rest of the body would be read as the next request, so the connection ends here.
        self._answer = problem_answer(413, what, (b"connection", b"close"))
        super().__init__(app)

    def enter(self, exchange: Exchange) -> Answer | None:
        declared = exchange.headers.get(b"content-length")
        if declared is None:
            if b"transfer-encoding" in exchange.headers or exchange.scope.get("http_version") != "1.1":
                self._count(exchange)
            return None
        if not declared.isdigit():
            return problem_answer(400, "content-length is no number", (b"connection", b"close"))
        if int(declared) > self._limit:
            return self._answer
        if declared != b"0":
            self._count(exchange)
        return None

    def _count(self, exchange: Exchange) -> None:
        exchange.body_limit = self._limit
        exchange.too_large = self._answer
