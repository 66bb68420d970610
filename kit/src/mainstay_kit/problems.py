"""Problem details (RFC 9457): errors that say what is wrong and nothing of how we are made."""

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus

from .answer import Answer
from .asgi import ASGIApp, Header
from .chain import Part
from .errors import KitError
from .exchange import Exchange, current

KIND = b"application/problem+json"
log = logging.getLogger(__name__)

FRAMEWORK_KEYS = {"detail", "status_code", "extra"}
TOLD_OF_A_FIELD = ("loc", "msg", "type", "key", "message", "source")


class Problem(KitError):
    """An error that the client is meant to read. Raise it anywhere under the `Problems` part."""

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
    """Every error leaves as problem details, whatever framework made it.

    A `Problem` says what it says. Any other exception is logged with its traceback and answered by 500 and the
    request's id alone. Answers of 500 and more that are not problem details are replaced; so are the plain ones of
    4xx that frameworks give by themselves. What an application says in its own words of 4xx stays.
    """

    def __init__(self, app: ASGIApp | None = None) -> None:
        super().__init__(app)

    def answering(self, exchange: Exchange, headers: list[Header]) -> None:
        status = exchange.status
        if status < 400 or exchange.probe or exchange.scope.get("method") == "HEAD":
            return  # what a probe says is made for those who ask, however it turns out
        kind = next((value for name, value in headers if name == b"content-type"), b"").partition(b";")[0]
        unread = any(name == b"content-encoding" for name, _ in headers)
        if kind == KIND or (status < 500 and (unread or kind not in {b"text/plain", b"application/json", b""})):
            return
        exchange.rewrite = _as_problem if kind == b"application/json" else _without_internals

    def failing(self, exchange: Exchange, error: Exception) -> Answer:
        if isinstance(error, Problem):
            return error.answer
        log.error("the application failed", exc_info=error)
        return problem_answer(500)


def problem_answer(
    status: int, detail: str = "", *headers: Header, kind: str = "about:blank", **more: object
) -> Answer:
    """Problem details as a response; within a request they carry its id."""
    document: dict[str, object] = {"type": kind, "title": _title(status), "status": status}
    if detail:
        document["detail"] = detail
    document |= more
    exchange = current.get()
    if exchange is not None and exchange.request_id:
        document["request_id"] = exchange.request_id
    body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    return Answer(status, body, ((b"content-type", KIND), *headers))


def _without_internals(status: int, _body: bytes) -> Answer:
    return problem_answer(status)


def _as_problem(status: int, body: bytes) -> Answer:
    """What a framework said in its own JSON; anything else of 4xx is the application's and stays."""
    try:
        said = json.loads(body)
    except ValueError:
        return problem_answer(status)
    plain = isinstance(said, dict) and "detail" in said and said.keys() <= FRAMEWORK_KEYS
    if status >= 500:
        return problem_answer(status)
    if not plain:
        return Answer(status, body, ((b"content-type", b"application/json"),))
    detail, extra = said["detail"], said.get("extra")
    fields = detail if isinstance(detail, list) else extra
    if isinstance(fields, list):
        return problem_answer(status, "the request is not valid", errors=[_told(field) for field in fields])
    if isinstance(detail, str) and detail != _title(status):
        return problem_answer(status, detail)
    return problem_answer(status)


def _told(field: object) -> object:
    """What may be told of a field: where and what, never the value, which may be a password."""
    if not isinstance(field, Mapping):
        return "not valid"
    return {key: field[key] for key in TOLD_OF_A_FIELD if key in field}


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
