"""Client of backend-core: returns its documents as values and raises its failures as exceptions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import httpx2

from granter_web.grants import Grant, SearchResults
from granter_web.tokens import Tokens
from mainstay_kit.client import neighbour

TIMEOUT = httpx2.Timeout(8.0, connect=2.0, pool=2.0)
DEFAULT_RETRY_SECONDS = 10


class BackendUnavailable(Exception):
    """backend-core is unreachable or failed; retrying after `seconds` may succeed."""

    def __init__(self, message: str, seconds: int = DEFAULT_RETRY_SECONDS) -> None:
        super().__init__(message)
        self.seconds = seconds


class RateLimited(Exception):
    """backend-core refused the request because of a rate limit; retry after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many requests; retry in {seconds} s")
        self.seconds = seconds


class LoggedOut(Exception):
    """The visitor is not logged in, or backend-core refused the token."""


class Rejected(Exception):
    """backend-core rejected the request, with this status and a message for the user."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Account:
    number: str
    email: str
    curator: bool
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved search."""

    number: str
    name: str
    query: Mapping[str, str]
    created_at: datetime | None

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        query = {name: text for name, value in data["query"].items() if (text := _parameter(value))}
        created_at = data.get("created_at")
        return cls(str(data["id"]), data["name"], query, datetime.fromisoformat(created_at) if created_at else None)


class Backend:
    """HTTP client of backend-core. A call raises BackendUnavailable, RateLimited, LoggedOut or Rejected.

    Each call sends the id and trace of the browser's request, the preview header, and the visitor's address.
    """

    def __init__(self, url: str) -> None:
        self._client = neighbour(url, timeout=TIMEOUT)

    async def close(self) -> None:
        await self._client.aclose()

    async def is_up(self) -> bool:
        return (await self._client.get("/live", timeout=1)).is_success

    async def search(self, query: Mapping[str, str]) -> SearchResults:
        return SearchResults.read(await self._call("GET", "/api/search", query=query))

    async def suggest(self, words: str) -> tuple[str, ...]:
        data = await self._call("GET", "/api/suggest", query={"query": words})
        return tuple(map(str, data["suggestions"]))

    async def grant(self, number: int) -> Grant | None:
        """Return the grant *number*; None if there is none."""
        try:
            return Grant.read(await self._call("GET", f"/api/grants/{number}"))
        except Rejected as rejection:
            if rejection.status in {404, 422}:
                return None
            raise

    async def register(self, email: str, password: str) -> None:
        await self._call("POST", "/api/auth/register", json={"email": email, "password": password})

    async def log_in(self, email: str, password: str) -> Tokens:
        return _tokens(await self._call("POST", "/api/auth/login", json={"email": email, "password": password}))

    async def refresh(self, refresh: str) -> Tokens:
        try:
            return _tokens(await self._call("POST", "/api/auth/refresh", json={"refresh_token": refresh}))
        except Rejected as rejection:
            raise LoggedOut from rejection

    async def log_out(self, token: str, refresh: str) -> None:
        await self._call("POST", "/api/auth/logout", token=token, json={"refresh_token": refresh})

    async def me(self, token: str) -> Account:
        data = await self._call("GET", "/api/auth/me", token=token)
        created_at = data.get("created_at")
        created_at = datetime.fromisoformat(created_at) if created_at else None
        return Account(str(data.get("id", "")), data["email"], bool(data.get("curator")), created_at)

    async def delete_me(self, token: str, password: str) -> None:
        await self._call("DELETE", "/api/auth/me", token=token, json={"password": password})

    async def change_password(self, token: str, password: str, new: str) -> Tokens:
        text = {"password": password, "new_password": new}
        return _tokens(await self._call("POST", "/api/auth/password", token=token, json=text))

    async def log_out_everywhere(self, token: str) -> None:
        await self._call("POST", "/api/auth/logout-everywhere", token=token)

    async def saved(self, token: str) -> tuple[Saved, ...]:
        data = await self._call("GET", "/api/saved-searches", token=token)
        return tuple(map(Saved.read, data["saved_searches"]))

    async def save(self, token: str, name: str, query: Mapping[str, str]) -> None:
        await self._call("POST", "/api/saved-searches", token=token, json={"name": name, "query": dict(query)})

    async def rename(self, token: str, number: str, name: str) -> None:
        await self._call("PATCH", f"/api/saved-searches/{number}", token=token, json={"name": name})

    async def delete_saved(self, token: str, number: str) -> None:
        await self._call("DELETE", f"/api/saved-searches/{number}", token=token)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        json: Mapping[str, object] | None = None,
        token: str = "",
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            response = await self._client.request(method, path, params=query, json=json, headers=headers)
        except httpx2.HTTPError as error:
            raise BackendUnavailable(f"backend-core: {type(error).__name__} {error}") from error
        if response.status_code == 429:
            raise RateLimited(_seconds(response))
        if response.status_code >= 500:
            raise BackendUnavailable(f"backend-core returned status {response.status_code}", _seconds(response))
        if response.status_code == 401 and token:
            raise LoggedOut
        if response.status_code >= 400:
            raise Rejected(response.status_code, _why(_document(response)))
        return _document(response)


def _tokens(data: Mapping[str, Any]) -> Tokens:
    return Tokens(data["access_token"], data["refresh_token"], int(data["expires_in"]))


def _seconds(response: httpx2.Response) -> int:
    text = response.headers.get("Retry-After", "")
    return max(1, int(text)) if text.isdecimal() else DEFAULT_RETRY_SECONDS


def _document(response: httpx2.Response) -> dict[str, Any]:
    if not response.content:
        return {}
    try:
        data = response.json()
    except ValueError as error:
        raise BackendUnavailable("the response of backend-core is not JSON") from error
    if not isinstance(data, dict):
        raise BackendUnavailable("the response of backend-core is not an object")
    return data


def _parameter(value: object) -> str:
    """Return *value* as a query-string parameter; empty for None and False."""
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _why(problem: Mapping[str, Any]) -> str:
    """Return the text of a problem document for the user: its errors, else its detail."""
    errors = [error for error in problem.get("errors") or () if isinstance(error, dict)]
    texts = [f"{_field(error)}{error.get('msg', '')}" for error in errors]
    return ". ".join(text[:1].upper() + text[1:] for text in texts or [str(problem.get("detail") or "")])


def _field(error: Mapping[str, Any]) -> str:
    names = [part for part in error.get("loc") or () if part in {"email", "password", "name"}]
    return f"{names[-1]}: " if names else ""
