"""Body limit: how much a request may send, whether it says so beforehand or not."""

from collections.abc import Callable, Mapping

from mainstay_kit.chain.answer import Answer
from mainstay_kit.chain.asgi import ASGIApp
from mainstay_kit.chain.chain import Part
from mainstay_kit.chain.exchange import Exchange
from mainstay_kit.errors import Misconfigured
from mainstay_kit.problems import problem_answer

MEBIBYTE = 1024 * 1024
CLOSE = (b"connection", b"close")  # the rest of the body would be read as the next request


class BodyLimit(Part):
    """Refuses at once by `content-length`, and counts what comes: a chunked body says nothing beforehand.

    413 goes out while the body is still coming; the application then sees its client leave. *routes* have limits of
    their own for all paths under them; the longest that fits counts.
    """

    def __init__(
        self,
        app: ASGIApp | None = None,
        *,
        limit_bytes: int = 10 * MEBIBYTE,
        routes: Mapping[str, int] | None = None,
    ) -> None:
        longest_first = sorted((routes or {}).items(), key=lambda route: -len(route[0]))
        for limit in (limit_bytes, *dict(longest_first).values()):
            if limit <= 0:
                raise Misconfigured(f"{limit} bytes are no limit", remedy="give the most bytes of a body")
        self._limit = limit_bytes
        self._routes = [(path.rstrip("/") + "/", limit) for path, limit in longest_first]
        super().__init__(app)

    def enter(self, exchange: Exchange) -> Answer | None:
        declared = exchange.headers.get(b"content-length")
        if declared is None:
            if b"transfer-encoding" in exchange.headers or exchange.scope.get("http_version") != "1.1":
                exchange.incoming = _counted(self._limit_at(exchange.path))
            return None
        if not declared.isdigit():
            return problem_answer(400, "content-length is no number", CLOSE)
        if declared == b"0":
            return None
        limit = self._limit_at(exchange.path)
        if int(declared) > limit:
            return _too_large(limit)
        exchange.incoming = _counted(limit)
        return None

    def _limit_at(self, path: str) -> int:
        return next((limit for under, limit in self._routes if (path + "/").startswith(under)), self._limit)


def _counted(limit: int) -> Callable[[bytes], Answer | None]:
    left = limit

    def more(body: bytes) -> Answer | None:
        nonlocal left
        left -= len(body)
        return _too_large(limit) if left < 0 else None

    return more


def _too_large(limit: int) -> Answer:
    return problem_answer(413, f"the body is larger than {limit} bytes", CLOSE)
