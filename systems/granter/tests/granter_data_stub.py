"""A stub of the data-service with its API, for tests of its clients."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from granter_services import TOKEN
from granter_stub_server import StubServer

GRANT: dict[str, object] = {
    "id": 7,
    "title": "Ocean Plastics Prize",
    "funder": "Harbour Trust",
    "deadline": "2027-03-12",
    "rolling": False,
    "amount": {"min": 5000, "max": 50000.5, "currency": "EUR"},
    "topics": ["ocean"],
    "region": "Europe",
    "language": "en",
    "snippet": [{"text": "for the ", "mark": False}, {"text": "ocean", "mark": True}],
    "closes_in_days": 12,
}
SOURCE = {"url": "http://north/notices/7", "site": "north", "fetched_at": "2026-11-21T12:00:00+00:00", "text": "…"}
EVIDENCE = {"title": {"by": "rules", "at": "2026-11-21T12:00:00+00:00", "evidence": "Ocean Plastics Prize"}}
COUNTS = {"pages": 9, "notices": 80, "new": 80, "changed": 0, "unchanged": 0, "failed": 1, "error": None}
SOURCES = [{"name": name, "state": "done", **COUNTS, "at": "2026-11-21T12:00:00+00:00"} for name in ("north", "south")]
ATTEMPTS = [{"by": "gemini", "outcome": "no key", "took_ms": 0}, {"by": "rules", "outcome": "ok", "took_ms": 3}]


class DataServiceStub(StubServer):
    """Responds with one grant to requests with the token; `requests` lists all calls, `responses` overrides."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.headers: dict[str, str] = {}
        self.responses: dict[str, tuple[int, bytes]] = {}
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet

            def do_GET(self) -> None:
                self._respond()

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", "0")))
                self._respond()

            def _respond(self) -> None:
                status, body = stub.respond(self.command, self.path, dict(self.headers))
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *values: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def respond(self, method: str, address: str, headers: dict[str, str]) -> tuple[int, bytes]:
        parts = urlsplit(address)
        if parts.path == "/live":
            return 200, b"{}"
        parameters = dict(parse_qsl(parts.query))
        self.requests.append((parts.path, parameters))
        self.headers = {name.casefold(): value for name, value in headers.items()}
        if self.headers.get("x-service-token") != TOKEN:
            return 401, b"{}"
        if parts.path in self.responses:
            return self.responses[parts.path]
        document = _document_for(method, parts.path, parameters)
        return (202 if (method, parts.path) == ("POST", "/scrape") else 200 if document else 404), json.dumps(
            document
        ).encode()


def _document_for(method: str, path: str, parameters: dict[str, str]) -> dict[str, object]:
    match method, path:
        case "GET", "/grants":
            grants = [GRANT] if "ocean" in parameters.get("query", "ocean") else []
            facets = {"topics": {"ocean": len(grants)}, "regions": {"Europe": len(grants)}}
            paging = {"page": int(parameters.get("page", 1)), "page_size": int(parameters.get("page_size", 20))}
            return {"total": len(grants), **paging, "grants": grants, "facets": facets}
        case "GET", "/grants/7":
            return {**GRANT, "source": SOURCE, "provenance": EVIDENCE}
        case "GET", "/suggest":
            return {"suggestions": ["Ocean Plastics Prize"]}
        case "GET", "/scrape":
            return {"round": 3, "state": "idle", "sources": SOURCES}
        case "POST", "/scrape":
            return {"round": 4}
        case "POST", "/extract":
            return {"fields": {"title": "Ocean Plastics Prize"}, "provenance": EVIDENCE, "chain": ATTEMPTS}
        case _:
            return {}
