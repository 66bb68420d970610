"""Problems: how errors are returned, and how the API's description documents them."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.responses import Response

from granter_core.responses import Problem as ProblemModel
from mainstay_kit import Problem
from mainstay_kit import Response as KitResponse
from mainstay_kit.problems import CONTENT_TYPE, problem_response
from mainstay_kit.tokens import TokenInvalid

REF = "#/components/schemas/{model}"
CONTENT = {CONTENT_TYPE.decode(): {"schema": {"$ref": REF.format(model="Problem")}}}
CHALLENGE = (b"www-authenticate", b"Bearer")
MEANINGS = {
    400: "The body cannot be read.",
    401: "No valid token, or no such account and password.",
    403: "The account may not do this, or the password is wrong.",
    404: "Not found.",
    409: "It exists already, or the limit is reached.",
    413: "The body is too large.",
    422: "A field is not valid; `errors` lists the fields.",
    429: "Too many requests; `Retry-After` has the seconds to wait.",
    502: "The response of the data-service is invalid.",
    503: "The service is overloaded, or another service is unavailable; `Retry-After` has the seconds to wait.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the problem responses of an operation, in addition to those that every operation may return."""
    all_statuses = sorted({*statuses, 400, 413, 422, 429, 503})
    return {status: {"description": MEANINGS[status], "content": CONTENT} for status in all_statuses}


def install(app: FastAPI) -> None:
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(TokenInvalid, _on_invalid_token)
    app.add_exception_handler(RequestValidationError, _on_validation_error)


def described(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, with the one schema that all problems share."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schema = ProblemModel.model_json_schema(ref_template=REF)
        document["components"]["schemas"]["Problem"] = schema
        app.openapi_schema = document
    return app.openapi_schema


def response(answer: KitResponse) -> Response:
    return Response(answer.body, answer.status, {name.decode(): value.decode() for name, value in answer.headers})


async def _on_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return response(error.response)


async def _on_invalid_token(_: Request, __: Exception) -> Response:
    return response(problem_response(401, "log in again", CHALLENGE))


async def _on_validation_error(_: Request, error: Exception) -> Response:
    """Return where the input is invalid and why, never the value, which may be a password."""
    assert isinstance(error, RequestValidationError)
    errors = [
        {"loc": [_readable(part) for part in mistake["loc"]], "msg": _message(mistake), "type": mistake["type"]}
        for mistake in error.errors()[:20]
    ]
    return response(problem_response(422, "the request is not valid", errors=errors))


def _message(mistake: Mapping[str, Any]) -> str:
    """Return the error's message: for a check of this service its own text, without pydantic's "Value error"."""
    return str(mistake["ctx"]["error"] if mistake["type"] == "value_error" else mistake["msg"])


def _readable(part: int | str) -> int | str:
    """Return *part* of an error's location, encodable as UTF-8: callers can send field names with lone surrogates."""
    return part if isinstance(part, int) else part[:100].encode(errors="replace").decode()
