"""Remote: a model behind HTTP. Two protocols, one way to ask, to pay and to fail."""

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
LONGEST_REST = 3600.0

log = logging.getLogger(__name__)


class Failed(Exception):
    """The model gave nothing, in one of the ways that are told apart."""

    def __init__(self, outcome: Outcome, why: str, rest: float = 0.0) -> None:
        super().__init__(why)
        self.outcome = outcome
        self.rest = rest


@dataclass(frozen=True, slots=True)
class Answered:
    """The text of an answer, and the tokens that it took."""

    text: str
    tokens_in: int
    tokens_out: int


class Remote(ABC):
    """One provider. A key that is missing, or a provider that asked for rest, costs no time."""

    by: ClassVar[By]
    cents_in: ClassVar[float]
    """For a million tokens of the question; of the answer, `cents_out`."""
    cents_out: ClassVar[float]

    def __init__(self, url: str, model: str, key: Secret, within: float) -> None:
        self._url = url.rstrip("/")
        self._model = model
        self._key = key
        self._within = within
        self._rests_until = 0.0

    @abstractmethod
    def question(self, page: Page) -> tuple[str, dict[str, str], dict[str, Any]]:
        """Address, headers and body of the request."""

    @abstractmethod
    def answer(self, document: Mapping[str, Any]) -> Answered:
        """The text in the provider's *document*. LookupError and TypeError when it is of another shape."""

    async def improve(self, notice: Notice, page: Page, budget: Budget) -> tuple[Extracted | None, Attempt]:
        if not self._key:
            return None, Attempt(self.by, "no key")
        if time.monotonic() < self._rests_until:
            return None, Attempt(self.by, "resting")
        within = min(self._within, budget.left())
        dearest = self._cents(tokens_of(INSTRUCTIONS + notice_text(page)), MOST_TOKENS)
        if within <= 0 or dearest > budget.cents:
            return None, Attempt(self.by, "budget")
        began = time.monotonic()
        cents = dearest  # what a call that failed half-way has cost, nobody tells
        try:
            answered = await self._ask(page, within)
            cents = self._cents(answered.tokens_in, answered.tokens_out)
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
        return extracted, Attempt(self.by, outcome, took * 1000)

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
            raise Failed("timeout", f"no answer within {within:g} s") from late
        except httpx2.RemoteProtocolError as cut:
            raise Failed("cut", "the answer was cut") from cut
        except (httpx2.HTTPError, httpx2.InvalidURL) as lost:
            raise Failed("error", type(lost).__name__) from lost

    def _read(self, response: httpx2.Response, body: bytes) -> Answered:
        if response.status_code == 429:
            asked = wait_of(response.headers.get("retry-after", ""))
            raise Failed("429", "too many requests", rest=min(asked or REST_AFTER_429, LONGEST_REST))
        if response.status_code != 200:
            # The body is not logged: it may repeat the key.
            raise Failed("error", f"answered {response.status_code}")
        try:
            document = json.loads(body)
            return self.answer(document)
        except ValueError as wrong:
            raise Failed("nonsense", "the answer is no JSON") from wrong
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


class Gemini(Remote):
    """`models/MODEL:generateContent`."""

    by: ClassVar[By] = "gemini"
    cents_in = 30.0
    cents_out = 250.0

    def question(self, page: Page) -> tuple[str, dict[str, str], dict[str, Any]]:
        body = {
            "systemInstruction": {"parts": [{"text": INSTRUCTIONS}]},
            "contents": [{"role": "user", "parts": [{"text": notice_text(page)}]}],
            "generationConfig": {
                "temperature": 0,
                "maxOutputTokens": MOST_TOKENS,
                "responseMimeType": "application/json",
                "responseSchema": schema(),
                "thinkingConfig": {"thinkingBudget": 0},
            },
        }
        url = f"{self._url}/v1beta/models/{self._model}:generateContent"
        return url, {"x-goog-api-key": self._key.reveal()}, body

    def answer(self, document: Mapping[str, Any]) -> Answered:
        candidate = document["candidates"][0]
        if candidate.get("finishReason") == "MAX_TOKENS":
            raise Failed("cut", "the answer ended at the limit of tokens")
        text = "".join(part.get("text", "") for part in candidate["content"]["parts"])
        used = document.get("usageMetadata") or {}
        return Answered(text, int(used.get("promptTokenCount", 0)), int(used.get("candidatesTokenCount", 0)))


class OpenAI(Remote):
    """`chat/completions`, which many others speak too."""

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
        text = choice["message"]["content"]
        if not isinstance(text, str):
            raise Failed("nonsense", "the model refused")
        used = document.get("usage") or {}
        return Answered(text, int(used.get("prompt_tokens", 0)), int(used.get("completion_tokens", 0)))
