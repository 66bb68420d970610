"""The API's description, as OpenAPI for programs and as a page for people; not served in production."""

from html import escape
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from granter_core.problems import described

description = APIRouter(include_in_schema=False)


@description.get("/api/openapi.json")
async def openapi(request: Request) -> Response:
    return JSONResponse(described(request.app))


@description.get("/api/docs")
async def docs(request: Request) -> Response:
    """Return a page of every operation with its parameters and responses. It needs no third-party script or style."""
    document = described(request.app)
    operations = "".join(
        _operation(path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    )
    title = escape(document["info"]["title"])
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><main><h1>{title}</h1>'
        f'<p>Machine-readable: <a href="/api/openapi.json">openapi.json</a></p>{operations}</main></html>'
    )


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    text = escape(operation.get("description", operation.get("summary", "")))
    parameters = [f"<code>{escape(parameter['name'])}</code>" for parameter in operation.get("parameters", ())]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    parameters += [f"<code>{escape(name)}</code>" for name in _models(body)]
    responses = "".join(
        f"<li>{escape(status)}: {escape(response['description'])}</li>"
        for status, response in operation["responses"].items()
    )
    token = "<p>Needs an access token.</p>" if operation.get("security") else ""
    parameter_list = f"<p>Takes {', '.join(parameters)}.</p>" if parameters else ""
    heading = f"<h2><code>{method.upper()} {escape(path)}</code></h2>"
    return f"<section>{heading}<p>{text}</p>{token}{parameter_list}<ul>{responses}</ul></section>"


def _models(schema: dict[str, Any]) -> list[str]:
    """Return the names of the models that a request body with *schema* may have."""
    choices = schema.get("anyOf", [schema])
    return [choice["$ref"].rsplit("/", 1)[1] for choice in choices if "$ref" in choice]
