"""Without backend: grants straight from the data-service, for a system that does not run backend-core yet."""

from collections.abc import Mapping
from typing import Any

from granter_web.backend import TIMEOUT, Away, Backend, Refused
from granter_web.grants import Found, Grant
from mainstay_kit import Secret
from mainstay_kit.client import neighbour


class WithoutBackend(Backend):
    """Search and reading; there are no accounts."""

    def __init__(self, url: str, token: Secret) -> None:
        self._client = neighbour(url, service_token=token, timeout=TIMEOUT)

    async def search(self, query: Mapping[str, str]) -> Found:
        try:
            return Found.read(await self._told("GET", "/grants", query=query))
        except Refused:
            told = await self._told("GET", "/search", query=query)
            told["grants"] = list(map(_of_slice, told["results"]))
            return Found.read({**told, "page_size": 10})

    async def suggest(self, words: str) -> tuple[str, ...]:
        return tuple((await self._told("GET", "/suggest", query={"query": words}))["suggestions"])

    async def grant(self, number: int) -> Grant | None:
        try:
            told = await self._told("GET", f"/grants/{number}")
        except Refused:
            return None
        return Grant.read(told if "source" in told else _of_slice(told))

    async def register(self, email: str, password: str) -> None:
        raise Away("there are no accounts without backend-core")

    log_in = renew = register  # type: ignore[assignment]  # none of them ever returns


def _of_slice(told: Mapping[str, Any]) -> dict[str, Any]:
    """A grant as the first slice told it."""
    deadline, amount = told["deadline"], told["amount"]
    grant = {
        **told,
        "deadline": deadline["date"],
        "rolling": deadline["kind"] == "rolling",
        "amount": {"min": amount["least"], "max": amount["most"], "currency": amount["currency"]},
        "snippet": [{"text": piece["text"], "mark": piece["hit"]} for piece in told.get("snippet", ())],
    }
    if "body" in told:
        grant["source"] = {"url": told["source_url"], "fetched_at": told["last_seen"], "text": told["body"]}
    return grant
