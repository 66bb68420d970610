"""Client of the data-service over HTTP. It validates the responses of the data-service and forwards them unchanged."""

import logging
from collections.abc import Mapping

import httpx2
from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from mainstay_kit import Dependency, Problem, Secret
from mainstay_kit.client import neighbour

RETRY_AFTER = (b"retry-after", b"5")
# An extraction may try several models, one after the other.
EXTRACTION_TIMEOUT = httpx2.Timeout(60.0, connect=2.0, pool=2.0)
log = logging.getLogger(__name__)


class DataService:
    """HTTP client of the data-service.

    Raises Problem 503 when the data-service is unreachable or overloaded, 502 when its response is invalid. A 404 or
    422 of the data-service becomes a Problem of the same status.
    """

    def __init__(self, url: str, token: Secret) -> None:
        self._client = neighbour(url, service_token=token)

    async def close(self) -> None:
        await self._client.aclose()

    def dependency(self) -> Dependency:
        """Return the data-service as a dependency; not required, because accounts and log-ins work without it."""

        async def check() -> bool:
            return (await self._client.get("/live")).is_success

        return Dependency("data-service", check, required=False)

    async def get(self, path: str, model: type[BaseModel], parameters: Mapping[str, str] | None = None) -> Response:
        request = self._client.build_request("GET", path, params=dict(parameters or {}))
        try:
            response = await self._client.send(request)
        except (httpx2.ConnectError, httpx2.RemoteProtocolError):
            # The instance may just have been replaced by its next release, and a GET is safe to retry.
            response = await self._send(request)
        except httpx2.HTTPError as error:
            raise _unavailable(error) from error
        return _forward(response, model)

    async def post(self, path: str, model: type[BaseModel], body: object = None) -> Response:
        request = self._client.build_request("POST", path, json=body, timeout=EXTRACTION_TIMEOUT)
        return _forward(await self._send(request), model)

    async def _send(self, request: httpx2.Request) -> httpx2.Response:
        try:
            return await self._client.send(request)
        except httpx2.HTTPError as error:
            raise _unavailable(error) from error


def _unavailable(error: httpx2.HTTPError) -> Problem:
    log.warning("the data-service is unreachable: %s", type(error).__name__)
    return Problem(503, "grants are unavailable at the moment; try again", headers=(RETRY_AFTER,))


def _forward(response: httpx2.Response, model: type[BaseModel]) -> Response:
    match response.status_code:
        case 200 | 202:
            pass
        case 404:
            raise Problem(404, "grant not found")
        case 422:
            raise Problem(422, _detail(response))
        case 429 | 503:
            log.warning("the data-service returned status %d", response.status_code)
            raise Problem(503, "grants are unavailable at the moment; try again", headers=(RETRY_AFTER,))
        case status:
            log.error("the data-service returned status %d", status)
            raise Problem(502, "grants are unavailable at the moment")
    try:
        model.model_validate_json(response.content)
    except ValidationError as error:
        invalid = [".".join(map(str, mistake["loc"])) for mistake in error.errors(include_input=False)]
        log.error("the response of the data-service is invalid: %s", ", ".join(invalid[:10]))
        raise Problem(502, "grants are unavailable at the moment") from error
    return Response(response.content, response.status_code, media_type="application/json")


def _detail(response: httpx2.Response) -> str:
    """Return the data-service's explanation of why it rejected a request, for the caller of this service."""
    try:
        body = response.json()
    except ValueError:
        return "the search is not valid"
    detail = body.get("detail") if isinstance(body, dict) else None
    return detail if isinstance(detail, str) else "the search is not valid"
