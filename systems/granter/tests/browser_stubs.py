"""A stub of backend-core with the responses that a test sets, for states that the real service cannot be put into."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from granter_stub_server import StubServer

GRANT: dict[str, Any] = {
    "id": 7,
    "title": "Quiet Harbours",
    "funder": "Harbour Fund",
    "deadline": "2031-05-04",
    "rolling": False,
    "amount": {"min": 1000, "max": 25000, "currency": "EUR"},
    "topics": ["water and oceans"],
    "region": "Portugal",
    "language": "en",
    "snippet": [{"text": "For a ", "mark": False}, {"text": "harbour", "mark": True}, {"text": " town", "mark": False}],
    "closes_in_days": None,
}
GRANT_DETAILS: dict[str, Any] = {
    **GRANT,
    "source": {
        "url": "https://example.org/calls/7",
        "site": "north",
        "fetched_at": "2026-11-20T10:00:00+00:00",
        "text": "For a harbour town.\nClosing date:\n 4 May 2031\nUp to EUR 25 000 each.",
    },
    "provenance": {
        "deadline": {"by": "rules", "at": "2026-11-20T10:00:01+00:00", "evidence": "Closing date: 4 May 2031"},
        "amount": {"by": "gemini", "at": "2026-11-20T10:00:01+00:00", "evidence": "EUR 25 000"},
    },
}


@dataclass
class StubResponse:
    status: int
    document: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


def search_results(*grants: dict[str, Any], total: int | None = None) -> StubResponse:
    facets = {"topics": {"water and oceans": len(grants)}, "regions": {"Portugal": len(grants)}}
    document = {"total": len(grants) if total is None else total, "page": 1, "page_size": 10, "grants": list(grants)}
    return StubResponse(200, {**document, "facets": facets})


def tokens(name: str, seconds: int = 900) -> StubResponse:
    pair = {"access_token": f"access-{name}", "refresh_token": f"refresh-{name}", "token_type": "Bearer"}
    return StubResponse(200, {**pair, "expires_in": seconds})


StubHandler = Callable[[Call], StubResponse]


class BackendStub(StubServer):
    """Responds by method and path without the query, else with 404; `received` lists every call."""

    def __init__(self) -> None:
        self.responses: dict[str, StubResponse | StubHandler] = {}
        self.received: list[Call] = []
        self.reset()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                call = Call(self.command, self.path, headers, json.loads(sent) if sent else None)
                stub.received.append(call)
                response = stub.responses.get(
                    f"{self.command} {self.path.partition('?')[0]}", StubResponse(404, {"detail": "no"})
                )
                response = response(call) if callable(response) else response
                body = b"" if response.document is None else json.dumps(response.document).encode()
                self.send_response(response.status)
                for name, value in {"Content-Length": str(len(body)), **response.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                self.answer()

            def do_POST(self) -> None:
                self.answer()

            def do_PATCH(self) -> None:
                self.answer()

            def do_DELETE(self) -> None:
                self.answer()

            def log_message(self, format: str, *values: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def reset(self) -> None:
        """Restore the default responses and clear the recorded calls."""
        self.responses = {"GET /live": StubResponse(200, {}), "GET /api/search": search_results(GRANT)}
        self.received.clear()

    def calls(self, path: str) -> list[Call]:
        return [call for call in self.received if call.path.partition("?")[0] == path]
