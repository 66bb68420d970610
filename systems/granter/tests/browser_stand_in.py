"""A stand-in for backend-core, for states that the real one cannot be brought to: it answers what a test says."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

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
WHOLE: dict[str, Any] = {
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
class Told:
    status: int
    document: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


def found(*grants: dict[str, Any], total: int | None = None) -> Told:
    facets = {"topics": {"water and oceans": len(grants)}, "regions": {"Portugal": len(grants)}}
    document = {"total": len(grants) if total is None else total, "page": 1, "page_size": 10, "grants": list(grants)}
    return Told(200, {**document, "facets": facets})


def tokens(name: str, seconds: int = 900) -> Told:
    pair = {"access_token": f"access-{name}", "refresh_token": f"refresh-{name}", "token_type": "Bearer"}
    return Told(200, {**pair, "expires_in": seconds})


Says = Callable[[Call], Told]


class BackendStandIn:
    """Answers by method and path without the query; what it was not told about is 404. `asked` tells every call."""

    def __init__(self) -> None:
        self.says: dict[str, Told | Says] = {}
        self.asked: list[Call] = []
        self.begin_anew()
        stand_in = self

        class Visit(BaseHTTPRequestHandler):
            def answer(self) -> None:
                sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                call = Call(self.command, self.path, headers, json.loads(sent) if sent else None)
                stand_in.asked.append(call)
                told = stand_in.says.get(f"{self.command} {self.path.partition('?')[0]}", Told(404, {"detail": "no"}))
                told = told(call) if callable(told) else told
                body = b"" if told.document is None else json.dumps(told.document).encode()
                self.send_response(told.status)
                for name, value in {"Content-Length": str(len(body)), **told.headers}.items():
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
                """The tests ask `asked`."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Visit)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def begin_anew(self) -> None:
        """Forget who asked, and what a test said."""
        self.says = {"GET /live": Told(200, {}), "GET /api/search": found(GRANT)}
        self.asked.clear()

    def calls(self, path: str) -> list[Call]:
        return [call for call in self.asked if call.path.partition("?")[0] == path]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
