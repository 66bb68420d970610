"""Fake models: a server with both providers' protocols and the behaviour that a test sets."""

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
class RecordedRequest:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class FakeModels:
    """`model_output` is the object in the responses; `behaviours` has each provider's behaviour."""

    model_output: dict[str, Any]
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    requests: list[RecordedRequest] = field(default_factory=list)
    reports_usage: bool = True

    def __enter__(self) -> Self:
        models, self._gate = self, threading.Event()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                headers = {name.lower(): value for name, value in self.headers.items()}
                models.requests.append(RecordedRequest(self.path, headers, body))
                models.reply(self, "gemini" if "generateContent" in self.path else "openai")

            def log_message(self, format: str, *values: object) -> None:
                """Log nothing."""

        class QuietServer(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """Ignore disconnected clients: some tests cause them."""

        self._server = QuietServer(("127.0.0.1", 0), Handler)
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
        text = json.dumps(self.model_output)
        match self.behaviours.get(provider, "good"):
            case "good":
                self._send(call, 200, document(provider, text, reports_usage=self.reports_usage))
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
                body = document(provider, text)
                call.send_response(200)
                call.send_header("Content-Length", str(len(body)))
                call.end_headers()
                call.wfile.write(body[: len(body) // 2])
                call.close_connection = True
            case status:
                code, _, after = status.partition(" for ")
                body = json.dumps({"error": {"message": f"the key was {call.headers}"}}).encode()
                self._send(call, int(code), body, *([("Retry-After", after.split()[0])] if after else []))

    def _drip(self, call: BaseHTTPRequestHandler, body: bytes) -> None:
        """Send the body one byte at a time, so that the whole takes longer than the timeout."""
        call.send_response(200)
        call.send_header("Content-Length", str(len(body)))
        call.end_headers()
        for at in range(len(body)):
            if self._gate.wait(0.05):
                return
            call.wfile.write(body[at : at + 1])
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


def document(provider: str, text: str, *, reports_usage: bool = True) -> bytes:
    """Return a provider's response that contains *text*."""
    if provider == "gemini":
        thought = {"text": "Let me see: {", "thought": True}
        parts = [thought, {"text": text}]
        answer: dict[str, Any] = {
            "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": 900, "candidatesTokenCount": 200, "thoughtsTokenCount": 0},
        }
    else:
        answer = {
            "choices": [{"message": {"role": "assistant", "content": text, "refusal": None}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 900, "completion_tokens": 200},
        }
    if not reports_usage:
        answer = {key: value for key, value in answer.items() if not key.startswith("usage")}
    return json.dumps(answer).encode()


# Refusals: the prompt is blocked, the answer is withheld, or it is truncated.
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
