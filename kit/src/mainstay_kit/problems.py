"""Problem details (RFC 9457): error responses that name the problem and reveal no internals."""

import json
import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import NoReturn

from .chain.asgi import ASGIApp, Header, Scope
from .chain.buffered_response import Rewrite
from .chain.chain import Part
from .chain.exchange import Exchange, current
from .chain.response import Response, json_response, text_response
from .errors import KitError

CONTENT_TYPE = b"application/problem+json"
HTML = b"text/html"
log = logging.getLogger(__name__)

FRAMEWORK_KEYS = {"detail", "status_code", "extra"}
Page = Callable[[Mapping[str, object]], str]
FIELD_ERROR_KEYS = ("loc", "msg", "type", "key", "message", "source")


class Problem(KitError):
    """An error that is shown to the client. Raise it anywhere under the `Problems` part."""

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        type_uri: str = "about:blank",
        headers: tuple[Header, ...] = (),
        **extensions: object,
    ) -> None:
        super().__init__(detail or _title(status))
        self.response = problem_response(status, detail, *headers, type_uri=type_uri, **extensions)
        self.status = status


class Problems(Part):
    """Turns errors of any framework into problem details.

    - A `Problem` that the application raises is sent as it is. Any other exception is logged with its traceback, and
      the client gets a 500 with only the request's id.
    - Responses with a status from 500 that are not problem details are replaced, and so are the default 4xx responses
      of frameworks. The application's own 4xx bodies stay. So do HTML pages of any status, which the application wrote
      for people, except where the framework is in debug mode.
    - If *page* is given, a client that accepts HTML gets problem details as the HTML that *page* renders.
    """

    def __init__(self, app: ASGIApp | None = None, *, page: Page | None = None) -> None:
        self._page = page
        super().__init__(app)

    def on_error_response(self, exchange: Exchange, headers: list[Header]) -> None:
        if exchange.probe or exchange.method == "HEAD":
            return  # a probe's response has its own format, whatever its status
        # Django does not send header names in lower case as ASGI requires.
        headers_by_name = {name.lower(): value for name, value in headers}
        content_type = headers_by_name.get(b"content-type", b"").partition(b";")[0]
        rewrite = _rewrite_of(content_type, exchange, encoded=b"content-encoding" in headers_by_name)
        is_problem = rewrite is not None or content_type == CONTENT_TYPE
        if is_problem and self._page is not None and HTML in exchange.headers.get(b"accept", b""):
            exchange.rewrite = _as_page(self._page, rewrite)
        elif rewrite is not None:
            exchange.rewrite = rewrite

    def on_exception(self, exchange: Exchange, error: Exception) -> Response:
        if isinstance(error, Problem):
            return error.response
        log.error("the application failed", exc_info=error)
        return problem_response(500)


def reraise(_request: object, error: Exception) -> NoReturn:
    """Raise *error* again, so that `Problems` handles it; for frameworks that answer errors themselves.

    With Litestar: `Litestar(…, exception_handlers={500: reraise})`.
    """
    raise error


def problem_response(
    status: int, detail: str = "", *headers: Header, type_uri: str = "about:blank", **extensions: object
) -> Response:
    """Return problem details as a response; within a request they include its id."""
    document: dict[str, object] = {"type": type_uri, "title": _title(status), "status": status}
    if detail:
        document["detail"] = detail
    document |= extensions
    exchange = current.get()
    if exchange is not None and exchange.request_id:
        document["request_id"] = exchange.request_id
    return json_response(status, document, *headers, content_type=CONTENT_TYPE)


def _rewrite_of(content_type: bytes, exchange: Exchange, *, encoded: bool) -> Rewrite | None:
    """Return the rewrite for a response of this content type; None if the response stays as it is."""
    if content_type == CONTENT_TYPE or (content_type == HTML and not _is_in_debug_mode(exchange.scope)):
        return None
    if exchange.status >= 500:
        return _without_internals
    return None if encoded else REWRITES.get(content_type)


def _as_page(page: Page, rewrite: Rewrite | None) -> Rewrite:
    def rewritten(status: int, body: bytes) -> Response:
        response = rewrite(status, body) if rewrite else Response(status, body, ((b"content-type", CONTENT_TYPE),))
        if (b"content-type", CONTENT_TYPE) not in response.headers:
            return response
        return text_response(status, page(json.loads(response.body)), HTML + b"; charset=utf-8")

    return rewritten


def _is_in_debug_mode(scope: Scope) -> bool:
    """Return whether the framework, which is `app` in the scope, is in debug mode and shows internals in its pages."""
    return bool(getattr(scope.get("app"), "debug", False))


def _without_internals(status: int, _body: bytes) -> Response:
    return problem_response(status)


def _from_json(status: int, body: bytes) -> Response:
    """Rewrite the JSON of a framework's default error; any other JSON is the application's own, and stays."""
    return _from_framework(status, body) or Response(status, body, ((b"content-type", b"application/json"),))


def _from_text(status: int, body: bytes) -> Response:
    """Rewrite a text, which becomes the detail. Litestar sends its JSON error as text if the route returns text."""
    text = body.decode(errors="replace").strip()
    return _from_framework(status, body) or problem_response(status, "" if text == _title(status) else text)


def _from_framework(status: int, body: bytes) -> Response | None:
    try:
        document = json.loads(body)
    except ValueError:
        return None
    if not isinstance(document, dict) or "detail" not in document or not document.keys() <= FRAMEWORK_KEYS:
        return None
    detail, extra = document["detail"], document.get("extra")
    fields = detail if isinstance(detail, list) else extra
    if isinstance(fields, list):
        return problem_response(status, "the request is not valid", errors=[_field_error(field) for field in fields])
    if isinstance(detail, str) and detail != _title(status):
        return problem_response(status, detail)
    return problem_response(status)


def _field_error(field: object) -> object:
    """Return what a client may see of a field's error: location and message; not the value, which may be a password."""
    if not isinstance(field, Mapping):
        return "not valid"
    shown = {key: field[key] for key in FIELD_ERROR_KEYS if key in field}
    if shown.get("type") == "value_error":  # pydantic's type for a ValueError raised by the application's own validator
        shown["msg"] = str(shown.get("msg", "")).removeprefix("Value error, ")
    return shown


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


REWRITES = {b"application/json": _from_json, b"text/plain": _from_text, b"": _without_internals}
