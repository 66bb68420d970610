"""Client of the data-service over HTTP; its responses are checked and passed on unchanged."""

import logging
from collections.abc import Mapping

import httpx2
from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from mainstay_kit import Dependency, Problem, Secret
from mainstay_kit.client import neighbour

AGAIN = (b"retry-after", b"5")
# An extraction may try several models, one after the other.
PATIENCE = httpx2.Timeout(60.0, connect=2.0, pool=2.0)
log = logging.getLogger(__name__)


class DataService:
    """HTTP client. Raises Problem 503 if the data-service is unreachable, 502 if its response is not as agreed."""

    def __init__(self, url: str, token: Secret) -> None:
        self._client = neighbour(url, service_token=token)

    async def close(self) -> None:
        await self._client.aclose()

    def dependency(self) -> Dependency:
        """Return the dependency for readiness. It is not required: accounts and log-ins work without it."""

        async def ask() -> bool:
            return (await self._client.get("/live")).is_success

        return Dependency("data-service", ask, required=False)

    async def get(self, path: str, agreed: type[BaseModel], asked: Mapping[str, str] | None = None) -> Response:
        request = self._client.build_request("GET", path, params=dict(asked or {}))
        try:
            answer = await self._client.send(request)
        except (httpx2.ConnectError, httpx2.RemoteProtocolError):
            # The instance may just have been replaced by its next release; these requests are safe to retry.
            answer = await self._sent(request)
        except httpx2.HTTPError as away:
            raise _away(away) from away
        return _passed_on(answer, agreed)

    async def post(self, path: str, agreed: type[BaseModel], said: object = None) -> Response:
        request = self._client.build_request("POST", path, json=said, timeout=PATIENCE)
        return _passed_on(await self._sent(request), agreed)

    async def _sent(self, request: httpx2.Request) -> httpx2.Response:
        try:
            return await self._client.send(request)
        except httpx2.HTTPError as away:
            raise _away(away) from away


def _away(error: httpx2.HTTPError) -> Problem:
    log.warning("the data-service did not answer: %s", type(error).__name__)
    return Problem(503, "grants cannot be reached just now; try again", headers=(AGAIN,))


def _passed_on(answer: httpx2.Response, agreed: type[BaseModel]) -> Response:
    match answer.status_code:
        case 200 | 202:
            pass
        case 404:
            raise Problem(404, "there is no such grant")
        case 422:
            raise Problem(422, _detail(answer))
        case 429 | 503:
            log.warning("the data-service answered %d", answer.status_code)
            raise Problem(503, "grants cannot be reached just now; try again", headers=(AGAIN,))
        case other:
            log.error("the data-service answered %d", other)
            raise Problem(502, "grants cannot be read just now")
    try:
        agreed.model_validate_json(answer.content)
    except ValidationError as error:
        wrong = [".".join(map(str, mistake["loc"])) for mistake in error.errors(include_input=False)]
        log.error("the data-service answered what was not agreed: %s", ", ".join(wrong[:10]))
        raise Problem(502, "grants cannot be read just now") from error
    return Response(answer.content, answer.status_code, media_type="application/json")


def _detail(answer: httpx2.Response) -> str:
    """Return the data-service's explanation of why it rejected the request; it is meant for the caller."""
    try:
        said = answer.json()
    except ValueError:
        return "the search is not valid"
    detail = said.get("detail") if isinstance(said, dict) else None
    return detail if isinstance(detail, str) else "the search is not valid"
