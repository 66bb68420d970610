"""Problem details (RFC 9457): error responses that name the problem and reveal no internals."""

import json
import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import NoReturn

from .chain.answer import Answer
from .chain.asgi import ASGIApp, Header, Scope
from .chain.chain import Part
from .chain.exchange import Exchange, current
from .chain.held import Rewrite
from .errors import KitError

KIND = b"application/problem+json"
HTML = b"text/html"
log = logging.getLogger(__name__)

FRAMEWORK_KEYS = {"detail", "status_code", "extra"}
Page = Callable[[Mapping[str, object]], str]
TOLD_OF_A_FIELD = ("loc", "msg", "type", "key", "message", "source")


class Problem(KitError):
    """An error that is shown to the client. Raise it anywhere under the `Problems` part."""

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        kind: str = "about:blank",
        headers: tuple[Header, ...] = (),
        **more: object,
    ) -> None:
        super().__init__(detail or _title(status))
        self.answer = problem_answer(status, detail, *headers, kind=kind, **more)
        self.status = status


class Problems(Part):
    """Turns errors of any framework into problem details.

    A `Problem` is sent as it is. Any other exception is logged with its traceback, and the response is 500 with only
    the request's id. Responses of 500 and above that are not problem details are replaced; so are the default 4xx
    responses of frameworks. The application's own 4xx bodies stay, and so do HTML pages of any status: the application
    wrote them for people, unless the framework is in debug mode. A client that accepts HTML gets problem details
    as the HTML that *page* renders, if *page* is given.
    """

    def __init__(self, app: ASGIApp | None = None, *, page: Page | None = None) -> None:
        self._page = page
        super().__init__(app)

    def erring(self, exchange: Exchange, headers: list[Header]) -> None:
        if exchange.probe or exchange.method == "HEAD":
            return  # a probe's response has its own format, whatever its status
        said = {
            name.lower(): value for name, value in headers
        }  # Django does not send header names in lower case as ASGI requires
        kind = said.get(b"content-type", b"").partition(b";")[0]
        rewrite = _rewrite_of(kind, exchange, encoded=b"content-encoding" in said)
        if self._page is not None and (rewrite or kind == KIND) and HTML in exchange.headers.get(b"accept", b""):
            exchange.rewrite = _as_page(self._page, rewrite)
        elif rewrite is not None:
            exchange.rewrite = rewrite

    def failing(self, exchange: Exchange, error: Exception) -> Answer:
        if isinstance(error, Problem):
            return error.answer
        log.error("the application failed", exc_info=error)
        return problem_answer(500)


def hand_on(_request: object, error: Exception) -> NoReturn:
    """Raise *error* again, so that `Problems` handles it; for frameworks that answer errors themselves.

    With Litestar: `Litestar(…, exception_handlers={500: hand_on})`.
    """
    raise error


def problem_answer(
    status: int, detail: str = "", *headers: Header, kind: str = "about:blank", **more: object
) -> Answer:
    """Return problem details as a response; within a request they include its id."""
    document: dict[str, object] = {"type": kind, "title": _title(status), "status": status}
    if detail:
        document["detail"] = detail
    document |= more
    exchange = current.get()
    if exchange is not None and exchange.request_id:
        document["request_id"] = exchange.request_id
    body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    return Answer(status, body, ((b"content-type", KIND), *headers))


def _rewrite_of(kind: bytes, exchange: Exchange, *, encoded: bool) -> Rewrite | None:
    """Return the rewrite for a response of this content type; None if the response stays as it is."""
    if kind == KIND or (kind == HTML and not _is_debugged(exchange.scope)):
        return None
    if exchange.status >= 500:
        return _without_internals
    return None if encoded else REWRITES.get(kind)


def _as_page(page: Page, rewrite: Rewrite | None) -> Rewrite:
    def rewritten(status: int, body: bytes) -> Answer:
        answer = rewrite(status, body) if rewrite else Answer(status, body, ((b"content-type", KIND),))
        if (b"content-type", KIND) not in answer.headers:
            return answer
        return Answer(status, page(json.loads(answer.body)).encode(), ((b"content-type", HTML + b"; charset=utf-8"),))

    return rewritten


def _is_debugged(scope: Scope) -> bool:
    """Return whether the framework, which is `app` in the scope, is in debug mode and shows internals in its pages."""
    return bool(getattr(scope.get("app"), "debug", False))


def _without_internals(status: int, _body: bytes) -> Answer:
    return problem_answer(status)


def _from_json(status: int, body: bytes) -> Answer:
    """Rewrite a framework's own JSON error; any other JSON is the application's and stays."""
    return _from_framework(status, body) or Answer(status, body, ((b"content-type", b"application/json"),))


def _from_text(status: int, body: bytes) -> Answer:
    """Use the text as the detail. Litestar sends its JSON as text if the route's responses are text."""
    text = body.decode(errors="replace").strip()
    return _from_framework(status, body) or problem_answer(status, "" if text == _title(status) else text)


def _from_framework(status: int, body: bytes) -> Answer | None:
    try:
        said = json.loads(body)
    except ValueError:
        return None
    if not isinstance(said, dict) or "detail" not in said or not said.keys() <= FRAMEWORK_KEYS:
        return None
    detail, extra = said["detail"], said.get("extra")
    fields = detail if isinstance(detail, list) else extra
    if isinstance(fields, list):
        return problem_answer(status, "the request is not valid", errors=[_told(field) for field in fields])
    if isinstance(detail, str) and detail != _title(status):
        return problem_answer(status, detail)
    return problem_answer(status)


def _told(field: object) -> object:
    """Return what may be shown of a field's error: location and message, never the value: it may be a password."""
    if not isinstance(field, Mapping):
        return "not valid"
    told = {key: field[key] for key in TOLD_OF_A_FIELD if key in field}
    if told.get("type") == "value_error":  # pydantic's type for a ValueError raised by the application's own validator
        told["msg"] = str(told.get("msg", "")).removeprefix("Value error, ")
    return told


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


REWRITES = {b"application/json": _from_json, b"text/plain": _from_text, b"": _without_internals}
