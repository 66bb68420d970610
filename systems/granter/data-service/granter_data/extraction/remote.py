"""Models over HTTP: two protocols with shared handling of calls, cost and failures."""

import asyncio
import json
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx2

from granter_data.extraction import reading
from granter_data.extraction.budget import Budget
from granter_data.extraction.extracted import Attempt, By, Extracted, Outcome
from granter_data.extraction.prompt import INSTRUCTIONS, notice_text, schema, tokens_of
from granter_data.rules.notice import Notice
from granter_data.rules.page import Page
from granter_data.scraper.site import retry_after_seconds
from mainstay_kit import Secret

MAX_ANSWER_BYTES = 256 * 1024
MAX_TOKENS = 800
PAUSE_AFTER_429 = 30.0
PAUSE_AFTER_ERROR = 5.0
PAUSE_AFTER_REFUSAL = 600.0
"""Seconds without calls after a refusal: with a wrong key or model name, calling again for each notice is pointless."""
MAX_PAUSE = 3600.0

log = logging.getLogger(__name__)


class ModelFailed(Exception):
    """The model returned nothing usable. *outcome* is the kind of failure; it is not called for *pause* seconds."""

    def __init__(self, outcome: Outcome, message: str, pause: float = 0.0) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.pause = pause


@dataclass(frozen=True, slots=True)
class Answer:
    """The text of an answer, and the tokens that it used."""

    text: str
    tokens_in: int
    tokens_out: int


class Remote(ABC):
    """A model of one provider, called over HTTP; not called without a key, nor while its provider needs a pause."""

    by: ClassVar[By]
    cents_in: ClassVar[float]
    """US cents for a million input tokens; `cents_out` is for output tokens."""
    cents_out: ClassVar[float]

    def __init__(self, url: str, model: str, key: Secret, timeout: float) -> None:
        self._url = url.rstrip("/")
        self._model = model
        self._key = key
        self._timeout = timeout
        self._paused_until = 0.0

    @abstractmethod
    def request_for(self, page: Page) -> tuple[str, dict[str, str], dict[str, Any]]:
        """Return the URL, headers and body of the request."""

    @abstractmethod
    def answer(self, document: Mapping[str, Any]) -> Answer:
        """Return the answer in the provider's *document*. Raises LookupError or TypeError when it has another shape."""

    @property
    def reader(self) -> str:
        return f"{self.by} {self._model}"

    def ready(self, budget: Budget) -> bool:
        return bool(self._key) and time.monotonic() >= self._paused_until and budget.left() > 0

    def max_cost(self, page: Page) -> float:
        if not self._key:
            return 0.0
        return self._cents(tokens_of(INSTRUCTIONS + notice_text(page)), MAX_TOKENS)

    async def improve(self, notice: Notice, page: Page, budget: Budget) -> tuple[Extracted | None, Attempt]:
        if not self._key:
            return None, Attempt(self.by, "no key")
        if time.monotonic() < self._paused_until:
            return None, Attempt(self.by, "resting")
        timeout = min(self._timeout, budget.left())
        max_cost = self.max_cost(page)
        if timeout <= 0 or max_cost > budget.cents:
            return None, Attempt(self.by, "budget")
        began = time.monotonic()
        cents = max_cost  # a call that failed half-way has an unknown cost, so assume the highest
        try:
            answered = await self._send(page, timeout)
            # A provider that reports no token count is charged the highest cost.
            cents = self._cents(answered.tokens_in, answered.tokens_out) or max_cost
            extracted = reading.improved_notice(notice, page, reading.read_answer(answered.text), self.by)
            outcome: Outcome = "ok"
        except (ModelFailed, reading.UnusableAnswer) as failed:
            extracted = None
            outcome = failed.outcome if isinstance(failed, ModelFailed) else "nonsense"
            log.warning("%s returned nothing usable: %s", self.by, failed)
            if isinstance(failed, ModelFailed):
                self._paused_until = time.monotonic() + failed.pause
                cents = 0.0 if failed.outcome in {"429", "error"} else max_cost
        took = time.monotonic() - began
        budget.spend(took, cents)
        return extracted, Attempt(self.by, outcome, took * 1000, self._model)

    async def _send(self, page: Page, timeout: float) -> Answer:
        url, headers, body = self.request_for(page)
        try:
            async with (
                asyncio.timeout(timeout),
                httpx2.AsyncClient(timeout=timeout) as client,
                client.stream("POST", url, headers=headers, json=body) as response,
            ):
                return self._read(response, await _body_of(response))
        except (TimeoutError, httpx2.TimeoutException) as error:
            raise ModelFailed("timeout", f"no response within {timeout:.3g} s") from error
        except (httpx2.RemoteProtocolError, httpx2.ReadError) as cut:
            raise ModelFailed("cut", "the connection was closed during the response") from cut
        except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
            # Log the exception's name only: its message may contain the key or the URL.
            raise ModelFailed("error", type(error).__name__, pause=PAUSE_AFTER_ERROR) from error

    def _read(self, response: httpx2.Response, body: bytes) -> Answer:
        status = response.status_code
        if status != 200:
            requested = retry_after_seconds(response.headers.get("retry-after", ""))
            default = PAUSE_AFTER_429 if status == 429 else PAUSE_AFTER_ERROR if status >= 500 else PAUSE_AFTER_REFUSAL
            # The body is not logged: it may repeat the key.
            message = "too many requests" if status == 429 else f"status {status}"
            raise ModelFailed("429" if status == 429 else "error", message, pause=min(requested or default, MAX_PAUSE))
        try:
            document = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ModelFailed("nonsense", "the response is not JSON") from error
        try:
            return self.answer(document)
        except (LookupError, TypeError, AttributeError) as error:
            raise ModelFailed("nonsense", "the response has an unknown structure") from error

    def _cents(self, tokens_in: int, tokens_out: int) -> float:
        return (tokens_in * self.cents_in + tokens_out * self.cents_out) / 1_000_000


async def _body_of(response: httpx2.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise ModelFailed("nonsense", "the response is too large")
    return bytes(body)


def _count(data: object) -> int:
    """Return *data*, the number of tokens that a provider reports; 0 if it is not a number."""
    return min(max(data, 0), 1_000_000) if isinstance(data, int) and not isinstance(data, bool) else 0


class Gemini(Remote):
    """The protocol `models/MODEL:generateContent`."""

    by: ClassVar[By] = "gemini"
    cents_in = 30.0
    cents_out = 250.0

    def request_for(self, page: Page) -> tuple[str, dict[str, str], dict[str, Any]]:
        config: dict[str, Any] = {
            "temperature": 0,
            "maxOutputTokens": MAX_TOKENS,
            "responseMimeType": "application/json",
            "responseSchema": schema(),
        }
        if "2.5-flash" in self._model:
            config["thinkingConfig"] = {"thinkingBudget": 0}  # others use thinking levels, or cannot turn it off
        body = {
            "systemInstruction": {"parts": [{"text": INSTRUCTIONS}]},
            "contents": [{"role": "user", "parts": [{"text": notice_text(page)}]}],
            "generationConfig": config,
        }
        url = f"{self._url}/v1beta/models/{self._model}:generateContent"
        return url, {"x-goog-api-key": self._key.reveal()}, body

    def answer(self, document: Mapping[str, Any]) -> Answer:
        if not document.get("candidates") and (document.get("promptFeedback") or {}).get("blockReason"):
            raise ModelFailed("refused", "the notice was blocked")
        candidate = document["candidates"][0]
        match candidate.get("finishReason"):
            case "MAX_TOKENS":
                raise ModelFailed("cut", "the answer ended at the limit of tokens")
            case None | "STOP" | "FINISH_REASON_UNSPECIFIED":
                pass
            case _:
                raise ModelFailed("refused", "the answer was blocked")
        quoted = [part for part in candidate["content"]["parts"] if not part.get("thought")]
        used = document.get("usageMetadata") or {}
        out = _count(used.get("candidatesTokenCount")) + _count(used.get("thoughtsTokenCount"))
        return Answer("".join(part.get("text", "") for part in quoted), _count(used.get("promptTokenCount")), out)


class OpenAI(Remote):
    """The protocol `chat/completions`, which many other providers support too."""

    by: ClassVar[By] = "openai"
    cents_in = 40.0
    cents_out = 160.0

    def request_for(self, page: Page) -> tuple[str, dict[str, str], dict[str, Any]]:
        body = {
            "model": self._model,
            "temperature": 0,
            "max_completion_tokens": MAX_TOKENS,
            "response_format": {"type": "json_object"},
            "messages": [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": notice_text(page)}],
        }
        return f"{self._url}/chat/completions", {"Authorization": f"Bearer {self._key.reveal()}"}, body

    def answer(self, document: Mapping[str, Any]) -> Answer:
        choice = document["choices"][0]
        if choice.get("finish_reason") == "length":
            raise ModelFailed("cut", "the answer ended at the limit of tokens")
        if choice.get("finish_reason") == "content_filter" or choice["message"].get("refusal"):
            raise ModelFailed("refused", "the model refused")
        text = choice["message"]["content"]
        if not isinstance(text, str):
            raise ModelFailed("nonsense", "the answer has no text")
        used = document.get("usage") or {}
        return Answer(text, _count(used.get("prompt_tokens")), _count(used.get("completion_tokens")))
