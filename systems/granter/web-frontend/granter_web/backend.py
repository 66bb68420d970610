"""Backend: backend-core, asked over HTTP; what it tells comes back as values, and what goes wrong by its name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import httpx2

from granter_web.grants import Found, Grant
from granter_web.tokens import Tokens
from mainstay_kit.client import neighbour

TIMEOUT = httpx2.Timeout(8.0, connect=2.0, pool=2.0)
LATER = 10


class Away(Exception):
    """backend-core does not answer, or not with an answer; asking again in so many seconds may work."""

    def __init__(self, what: str, seconds: int = LATER) -> None:
        super().__init__(what)
        self.seconds = seconds


class TooMany(Exception):
    """backend-core wants this visitor to wait so many seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many requests; again in {seconds} s")
        self.seconds = seconds


class LoggedOut(Exception):
    """The token is not one that counts, or not any more."""


class Refused(Exception):
    """backend-core understood and will not: its status, and what it says to the user."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


@dataclass(frozen=True, slots=True)
class Account:
    number: str
    email: str
    curator: bool
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Saved:
    """A search that a user keeps under a name."""

    number: str
    name: str
    query: Mapping[str, str]
    since: datetime | None

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        query = {name: said for name, value in told["query"].items() if (said := _parameter(value))}
        since = told.get("created_at")
        return cls(str(told["id"]), told["name"], query, datetime.fromisoformat(since) if since else None)


class Backend:
    """Each call carries the request's id, its trace, a valid preview header, and the address of the visitor."""

    def __init__(self, url: str) -> None:
        self._client = neighbour(url, timeout=TIMEOUT)

    async def close(self) -> None:
        await self._client.aclose()

    async def answers(self) -> bool:
        return (await self._client.get("/live", timeout=1)).is_success

    async def search(self, query: Mapping[str, str]) -> Found:
        return Found.read(await self._told("GET", "/api/search", query=query))

    async def suggest(self, words: str) -> tuple[str, ...]:
        told = await self._told("GET", "/api/suggest", query={"query": words})
        return tuple(map(str, told["suggestions"]))

    async def grant(self, number: int) -> Grant | None:
        """The grant of that number; None when there is none."""
        try:
            return Grant.read(await self._told("GET", f"/api/grants/{number}"))
        except Refused as refused:
            if refused.status in {404, 422}:
                return None
            raise

    async def register(self, email: str, password: str) -> None:
        await self._told("POST", "/api/auth/register", json={"email": email, "password": password})

    async def log_in(self, email: str, password: str) -> Tokens:
        return _tokens(await self._told("POST", "/api/auth/login", json={"email": email, "password": password}))

    async def renew(self, refresh: str) -> Tokens:
        try:
            return _tokens(await self._told("POST", "/api/auth/refresh", json={"refresh_token": refresh}))
        except Refused as refused:
            raise LoggedOut from refused

    async def log_out(self, token: str, refresh: str) -> None:
        await self._told("POST", "/api/auth/logout", token=token, json={"refresh_token": refresh})

    async def me(self, token: str) -> Account:
        told = await self._told("GET", "/api/auth/me", token=token)
        since = told.get("created_at")
        moment = datetime.fromisoformat(since) if since else None
        return Account(str(told.get("id", "")), told["email"], bool(told.get("curator")), moment)

    async def delete_me(self, token: str, password: str) -> None:
        await self._told("DELETE", "/api/auth/me", token=token, json={"password": password})

    async def change_password(self, token: str, password: str, new: str) -> Tokens:
        said = {"password": password, "new_password": new}
        return _tokens(await self._told("POST", "/api/auth/password", token=token, json=said))

    async def log_out_everywhere(self, token: str) -> None:
        await self._told("POST", "/api/auth/logout-everywhere", token=token)

    async def saved(self, token: str) -> tuple[Saved, ...]:
        told = await self._told("GET", "/api/saved-searches", token=token)
        return tuple(map(Saved.read, told["saved_searches"]))

    async def save(self, token: str, name: str, query: Mapping[str, str]) -> None:
        await self._told("POST", "/api/saved-searches", token=token, json={"name": name, "query": dict(query)})

    async def rename(self, token: str, number: str, name: str) -> None:
        await self._told("PATCH", f"/api/saved-searches/{number}", token=token, json={"name": name})

    async def forget(self, token: str, number: str) -> None:
        await self._told("DELETE", f"/api/saved-searches/{number}", token=token)

    async def _told(
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
            answer = await self._client.request(method, path, params=query, json=json, headers=headers)
        except httpx2.HTTPError as away:
            raise Away(f"backend-core: {type(away).__name__} {away}") from away
        if answer.status_code == 429:
            raise TooMany(_seconds(answer))
        if answer.status_code >= 500:
            raise Away(f"backend-core answered {answer.status_code}", _seconds(answer))
        if answer.status_code == 401 and token:
            raise LoggedOut
        if answer.status_code >= 400:
            raise Refused(answer.status_code, _why(_document(answer)))
        return _document(answer)


def _tokens(told: Mapping[str, Any]) -> Tokens:
    return Tokens(told["access_token"], told["refresh_token"], int(told["expires_in"]))


def _seconds(answer: httpx2.Response) -> int:
    said = answer.headers.get("Retry-After", "")
    return max(1, int(said)) if said.isdecimal() else LATER


def _document(answer: httpx2.Response) -> dict[str, Any]:
    if not answer.content:
        return {}
    try:
        told = answer.json()
    except ValueError as nonsense:
        raise Away("backend-core did not answer in JSON") from nonsense
    if not isinstance(told, dict):
        raise Away("backend-core did not answer with an object")
    return told


def _parameter(value: object) -> str:
    """A value of a query as an address says it; empty where there is nothing to say."""
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _why(problem: Mapping[str, Any]) -> str:
    """What a problem document says to the user, in one text."""
    wrong = [error for error in problem.get("errors") or () if isinstance(error, dict)]
    texts = [f"{_field(error)}{error.get('msg', '')}" for error in wrong]
    return ". ".join(text[:1].upper() + text[1:] for text in texts or [str(problem.get("detail") or "")])


def _field(error: Mapping[str, Any]) -> str:
    names = [part for part in error.get("loc") or () if part in {"email", "password", "name"}]
    return f"{names[-1]}: " if names else ""
