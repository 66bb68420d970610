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
from granter_data.scraper.site import wait_of
from mainstay_kit import Secret

LARGEST_ANSWER = 256 * 1024
MOST_TOKENS = 800
REST_AFTER_429 = 30.0
REST_AFTER_TROUBLE = 5.0
REST_AFTER_REFUSAL = 600.0
"""Seconds without calls after a refusal: with a wrong key or model name, calling again for each notice is pointless."""
LONGEST_REST = 3600.0

log = logging.getLogger(__name__)


class Failed(Exception):
    """The model returned nothing usable; the outcome names the kind of failure."""

    def __init__(self, outcome: Outcome, why: str, rest: float = 0.0) -> None:
        super().__init__(why)
        self.outcome = outcome
        self.rest = rest


@dataclass(frozen=True, slots=True)
class Answered:
    """The text of an answer, and the tokens that it used."""

    text: str
    tokens_in: int
    tokens_out: int


class Remote(ABC):
    """One provider. A missing key, or a provider that requested a pause, costs no time."""

    by: ClassVar[By]
    cents_in: ClassVar[float]
    """US cents for a million input tokens; `cents_out` is for output tokens."""
    cents_out: ClassVar[float]

    def __init__(self, url: str, model: str, key: Secret, within: float) -> None:
        self._url = url.rstrip("/")
        self._model = model
        self._key = key
        self._within = within
        self._rests_until = 0.0

    @abstractmethod
    def question(self, page: Page) -> tuple[str, dict[str, str], dict[str, Any]]:
        """Return the URL, headers and body of the request."""

    @abstractmethod
    def answer(self, document: Mapping[str, Any]) -> Answered:
        """Return the answer in the provider's *document*. Raises LookupError or TypeError when it has another shape."""

    @property
    def reader(self) -> str:
        return f"{self.by} {self._model}"

    def ready(self, budget: Budget) -> bool:
        return bool(self._key) and time.monotonic() >= self._rests_until and budget.left() > 0

    def dearest(self, page: Page) -> float:
        if not self._key:
            return 0.0
        return self._cents(tokens_of(INSTRUCTIONS + notice_text(page)), MOST_TOKENS)

    async def improve(self, notice: Notice, page: Page, budget: Budget) -> tuple[Extracted | None, Attempt]:
        if not self._key:
            return None, Attempt(self.by, "no key")
        if time.monotonic() < self._rests_until:
            return None, Attempt(self.by, "resting")
        within = min(self._within, budget.left())
        dearest = self.dearest(page)
        if within <= 0 or dearest > budget.cents:
            return None, Attempt(self.by, "budget")
        began = time.monotonic()
        cents = dearest  # a call that failed half-way has an unknown cost, so assume the highest
        try:
            answered = await self._ask(page, within)
            # A provider that reports no token count is charged the highest cost.
            cents = self._cents(answered.tokens_in, answered.tokens_out) or dearest
            extracted = reading.improved(notice, page, reading.read_answer(answered.text), self.by)
            outcome: Outcome = "ok"
        except (Failed, reading.Nonsense) as failed:
            extracted = None
            outcome = failed.outcome if isinstance(failed, Failed) else "nonsense"
            log.warning("%s gave nothing: %s", self.by, failed)
            if isinstance(failed, Failed):
                self._rests_until = time.monotonic() + failed.rest
                cents = 0.0 if failed.outcome in {"429", "error"} else dearest
        took = time.monotonic() - began
        budget.spend(took, cents)
        return extracted, Attempt(self.by, outcome, took * 1000, self._model)

    async def _ask(self, page: Page, within: float) -> Answered:
        url, headers, body = self.question(page)
        try:
            async with (
                asyncio.timeout(within),
                httpx2.AsyncClient(timeout=within) as client,
                client.stream("POST", url, headers=headers, json=body) as response,
            ):
                return self._read(response, await _body_of(response))
        except (TimeoutError, httpx2.TimeoutException) as late:
            raise Failed("timeout", f"no answer within {within:.3g} s") from late
        except (httpx2.RemoteProtocolError, httpx2.ReadError) as cut:
            raise Failed("cut", "the answer was cut") from cut
        except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as lost:
            # Log the exception's name only: its message may contain the key or the URL.
            raise Failed("error", type(lost).__name__, rest=REST_AFTER_TROUBLE) from lost

    def _read(self, response: httpx2.Response, body: bytes) -> Answered:
        status = response.status_code
        if status != 200:
            asked = wait_of(response.headers.get("retry-after", ""))
            usual = REST_AFTER_429 if status == 429 else REST_AFTER_TROUBLE if status >= 500 else REST_AFTER_REFUSAL
            # The body is not logged: it may repeat the key.
            why = "too many requests" if status == 429 else f"answered {status}"
            raise Failed("429" if status == 429 else "error", why, rest=min(asked or usual, LONGEST_REST))
        try:
            document = json.loads(body)
        except (ValueError, RecursionError) as wrong:
            raise Failed("nonsense", "the answer is no JSON") from wrong
        try:
            return self.answer(document)
        except (LookupError, TypeError, AttributeError) as wrong:
            raise Failed("nonsense", "the answer has another shape") from wrong

    def _cents(self, tokens_in: int, tokens_out: int) -> float:
        return (tokens_in * self.cents_in + tokens_out * self.cents_out) / 1_000_000


async def _body_of(response: httpx2.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise Failed("nonsense", "the answer is too long")
    return bytes(body)


def _count(told: object) -> int:
    """Return the reported number of tokens, if it is one."""
    return min(max(told, 0), 1_000_000) if isinstance(told, int) and not isinstance(told, bool) else 0


class Gemini(Remote):
    """The protocol `models/MODEL:generateContent`."""

    by: ClassVar[By] = "gemini"
    cents_in = 30.0
    cents_out = 250.0

    def question(self, page: Page) -> tuple[str, dict[str, str], dict[str, Any]]:
        config: dict[str, Any] = {
            "temperature": 0,
            "maxOutputTokens": MOST_TOKENS,
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

    def answer(self, document: Mapping[str, Any]) -> Answered:
        if not document.get("candidates") and (document.get("promptFeedback") or {}).get("blockReason"):
            raise Failed("refused", "the notice was blocked")
        candidate = document["candidates"][0]
        match candidate.get("finishReason"):
            case "MAX_TOKENS":
                raise Failed("cut", "the answer ended at the limit of tokens")
            case None | "STOP" | "FINISH_REASON_UNSPECIFIED":
                pass
            case _:
                raise Failed("refused", "the answer was blocked")
        said = [part for part in candidate["content"]["parts"] if not part.get("thought")]
        used = document.get("usageMetadata") or {}
        out = _count(used.get("candidatesTokenCount")) + _count(used.get("thoughtsTokenCount"))
        return Answered("".join(part.get("text", "") for part in said), _count(used.get("promptTokenCount")), out)


class OpenAI(Remote):
    """The protocol `chat/completions`, which many other providers support too."""

    by: ClassVar[By] = "openai"
    cents_in = 40.0
    cents_out = 160.0

    def question(self, page: Page) -> tuple[str, dict[str, str], dict[str, Any]]:
        body = {
            "model": self._model,
            "temperature": 0,
            "max_completion_tokens": MOST_TOKENS,
            "response_format": {"type": "json_object"},
            "messages": [
                {"role": "system", "content": INSTRUCTIONS},
                {"role": "user", "content": notice_text(page)},
            ],
        }
        return f"{self._url}/chat/completions", {"Authorization": f"Bearer {self._key.reveal()}"}, body

    def answer(self, document: Mapping[str, Any]) -> Answered:
        choice = document["choices"][0]
        if choice.get("finish_reason") == "length":
            raise Failed("cut", "the answer ended at the limit of tokens")
        if choice.get("finish_reason") == "content_filter" or choice["message"].get("refusal"):
            raise Failed("refused", "the model refused")
        text = choice["message"]["content"]
        if not isinstance(text, str):
            raise Failed("nonsense", "the answer has no text")
        used = document.get("usage") or {}
        return Answered(text, _count(used.get("prompt_tokens")), _count(used.get("completion_tokens")))
