"""Fake models: a server that speaks both providers' protocols, and answers as a test says."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self

# fmt: off
Behaviour = Literal[
    "good", "nonsense", "slow", "drip", "cut", "empty", "other shape", "list", "deep", "prose", "too long",
    "400", "401", "403", "404", "429", "429 for 7 s", "500", "503", "503 for 7 s",
    "blocked", "refused", "length",
]
# fmt: on


@dataclass
class Asked:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class FakeModels:
    """`says` is the object that the models answer with; `behaves` tells for each provider how it does so."""

    says: dict[str, Any]
    behaves: dict[str, Behaviour] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    tells_cost: bool = True

    def __enter__(self) -> Self:
        models, self._gate = self, threading.Event()

        class Call(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                headers = {name.lower(): value for name, value in self.headers.items()}
                models.asked.append(Asked(self.path, headers, body))
                models.reply(self, "gemini" if "generateContent" in self.path else "openai")

            def log_message(self, format: str, *values: object) -> None:
                """The tests ask `asked`."""

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """A caller who gave up is what some tests are about."""

        self._server = Quiet(("127.0.0.1", 0), Call)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gate.set()
        self._server.shutdown()
        self._server.server_close()

    def reply(self, call: BaseHTTPRequestHandler, provider: str) -> None:
        text = json.dumps(self.says)
        match self.behaves.get(provider, "good"):
            case "good":
                self._send(call, 200, document(provider, text, tells_cost=self.tells_cost))
            case "prose":
                self._send(call, 200, document(provider, "Certainly! The deadline is soon."))
            case "nonsense":
                self._send(call, 200, b"<html>busy</html>")
            case "other shape":
                self._send(call, 200, b'{"candidates": [], "choices": [{}]}')
            case "too long":
                self._send(call, 200, b'"' + b"x" * 300_000 + b'"')
            case "list":
                self._send(call, 200, b"[1, 2]")
            case "deep":
                self._send(call, 200, b"[" * 100_000)
            case "empty":
                self._send(call, 200, b"")
            case "blocked":
                self._send(call, 200, BLOCKED[provider])
            case "refused":
                self._send(call, 200, REFUSED[provider])
            case "length":
                self._send(call, 200, CUT_SHORT[provider])
            case "slow":
                self._gate.wait(20)
            case "drip":
                self._drip(call, document(provider, text))
            case "cut":
                whole = document(provider, text)
                call.send_response(200)
                call.send_header("Content-Length", str(len(whole)))
                call.end_headers()
                call.wfile.write(whole[: len(whole) // 2])
                call.close_connection = True
            case status:
                code, _, after = status.partition(" for ")
                body = json.dumps({"error": {"message": f"the key was {call.headers}"}}).encode()
                self._send(call, int(code), body, *([("Retry-After", after.split()[0])] if after else []))

    def _drip(self, call: BaseHTTPRequestHandler, whole: bytes) -> None:
        """A letter every now and then, so that each comes in time and the whole does not."""
        call.send_response(200)
        call.send_header("Content-Length", str(len(whole)))
        call.end_headers()
        for at in range(len(whole)):
            if self._gate.wait(0.05):
                return
            call.wfile.write(whole[at : at + 1])
            call.wfile.flush()

    @staticmethod
    def _send(call: BaseHTTPRequestHandler, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        call.send_response(status)
        for name, value in headers:
            call.send_header(name, value)
        call.send_header("Content-Type", "application/json")
        call.send_header("Content-Length", str(len(body)))
        call.end_headers()
        call.wfile.write(body)


def document(provider: str, text: str, *, tells_cost: bool = True) -> bytes:
    """A provider's answer around the *text* of its model."""
    if provider == "gemini":
        thought = {"text": "Let me see: {", "thought": True}
        parts = [thought, {"text": text}]
        told: dict[str, Any] = {
            "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": 900, "candidatesTokenCount": 200, "thoughtsTokenCount": 0},
        }
    else:
        told = {
            "choices": [{"message": {"role": "assistant", "content": text, "refusal": None}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 900, "completion_tokens": 200},
        }
    if not tells_cost:
        told = {key: value for key, value in told.items() if not key.startswith("usage")}
    return json.dumps(told).encode()


# What the providers say when they will not: the question is blocked, the answer is withheld, or ends too early.
BLOCKED = {
    "gemini": b'{"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 900}}',
    "openai": b'{"choices": [{"message": {"role": "assistant", "content": ""}, "finish_reason": "content_filter"}]}',
}
REFUSED = {
    "gemini": b'{"candidates": [{"finishReason": "SAFETY", "safetyRatings": []}], "usageMetadata": {}}',
    "openai": b'{"choices": [{"message": {"content": null, "refusal": "I cannot"}, "finish_reason": "stop"}]}',
}
CUT_SHORT = {
    "gemini": b'{"candidates": [{"content": {"parts": [{"text": "{"}]}, "finishReason": "MAX_TOKENS"}]}',
    "openai": b'{"choices": [{"message": {"content": "{"}, "finish_reason": "length"}]}',
}
