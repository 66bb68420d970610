"""A site whose pages a test writes, breaks and delays."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zlib import crc32

from granter_stub_server import StubServer

JSON = "application/json"


@dataclass(frozen=True)
class Reply:
    """A response that is more than a 200 with a text."""

    body: str | bytes
    type: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def _none(_: str) -> str | Reply | None:
    return None


class FakeSite(StubServer):
    """Responds with `pages` or the result of `page_for`, else 404; `requested` lists all requested paths."""

    def __init__(self, pages: Mapping[str, str | Reply], page_for: Callable[[str], str | Reply | None] = _none) -> None:
        self.pages = dict(pages)
        self.broken: set[str] = set()
        self.failing: dict[str, int] = {}
        """The number of times that a path still responds with 503."""
        self.has_etags = False
        """Whether pages have an ETag and honour If-None-Match."""
        self.not_modified = 0
        self.requested: list[str] = []
        self.agents: set[str] = set()
        self._gates: dict[str, threading.Event] = {}
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.requested.append(self.path)
                site.agents.add(self.headers["User-Agent"])
                if gate := site._gates.get(self.path):
                    gate.wait(30)
                reply = site._reply(self.path)
                body = reply.body if isinstance(reply.body, bytes) else reply.body.encode()
                status = 500 if self.path in site.broken else reply.status
                if site.failing.get(self.path):
                    site.failing[self.path] -= 1
                    status = 503
                tag = f'"{crc32(body)}"'
                if site.has_etags and status == 200 and self.headers["If-None-Match"] == tag:
                    site.not_modified += 1
                    status, body = 304, b""
                self.send_response(status)
                if site.has_etags:
                    self.send_header("ETag", tag)
                self.send_header("Content-Type", reply.type)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *values: object) -> None:
                """Log nothing."""

        class QuietServer(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """Ignore disconnected clients: some tests cause them."""

        self._page_for = page_for
        self._server = QuietServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def _reply(self, path: str) -> Reply:
        reply = self.pages.get(path) or self._page_for(path)
        if isinstance(reply, Reply):
            return reply
        text = "text/plain; charset=utf-8" if path.endswith(".txt") else "text/html; charset=utf-8"
        body = reply or ""
        return Reply(body, JSON if body.startswith("{") else text, 200 if body else 404)

    @contextmanager
    def delaying(self, path: str) -> Iterator[None]:
        """Delay every response to *path*."""
        gate = self._gates[path] = threading.Event()
        try:
            yield
        finally:
            del self._gates[path]
            gate.set()


def listing(*notices: str, pages: int = 1) -> str:
    """A listing page with *notices*, linking all its *pages*."""
    items = "".join(f"<li><h2><a href='/{slug}'>All about the {slug} grant</a></h2></li>" for slug in notices)
    links = "".join(f"<a href='/?page={number}'>{number}</a>" for number in range(1, pages + 1))
    return f"<main><ul>{items}</ul><div class=pagination>{links}</div></main>"


def notice(title: str) -> str:
    return f"<html lang=en><title>{title}</title><h1>{title}</h1><p>Funder: Fund of {title}</p></html>"
