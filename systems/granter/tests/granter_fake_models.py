"""Fake models: a server that speaks both providers' protocols, and answers as a test says."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self

Behaviour = Literal["good", "nonsense", "429", "slow", "cut", "500", "other shape", "prose", "too long"]


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
                self._send(call, 200, document(provider, text))
            case "prose":
                self._send(call, 200, document(provider, "Certainly! The deadline is soon."))
            case "nonsense":
                self._send(call, 200, b"<html>busy</html>")
            case "other shape":
                self._send(call, 200, b'{"candidates": [], "choices": [{}]}')
            case "too long":
                self._send(call, 200, b'"' + b"x" * 300_000 + b'"')
            case "429":
                self._send(call, 429, b'{"error": "slow down"}', ("Retry-After", "7"))
            case "500":
                self._send(call, 500, b"a traceback with the key")
            case "slow":
                self._gate.wait(20)
            case "cut":
                whole = document(provider, text)
                call.send_response(200)
                call.send_header("Content-Length", str(len(whole)))
                call.end_headers()
                call.wfile.write(whole[: len(whole) // 2])
                call.close_connection = True

    @staticmethod
    def _send(call: BaseHTTPRequestHandler, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        call.send_response(status)
        for name, value in headers:
            call.send_header(name, value)
        call.send_header("Content-Type", "application/json")
        call.send_header("Content-Length", str(len(body)))
        call.end_headers()
        call.wfile.write(body)


def document(provider: str, text: str) -> bytes:
    """A provider's answer around the *text* of its model."""
    if provider == "gemini":
        return json.dumps(
            {
                "candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP"}],
                "usageMetadata": {"promptTokenCount": 900, "candidatesTokenCount": 200},
            }
        ).encode()
    return json.dumps(
        {
            "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 900, "completion_tokens": 200},
        }
    ).encode()
