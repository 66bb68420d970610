"""A site whose pages a test writes, breaks and holds back."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from zlib import crc32

JSON = "application/json"


@dataclass(frozen=True)
class Reply:
    """What is answered at a path, where that is more than a text."""

    body: str | bytes
    type: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def _none(_: str) -> str | Reply | None:
    return None


class FakeSite:
    """Answers what `pages` says or `made` makes, else 404; `asked` tells all visits; a path in `held` waits."""

    def __init__(self, pages: Mapping[str, str | Reply], made: Callable[[str], str | Reply | None] = _none) -> None:
        self.pages = dict(pages)
        self.broken: set[str] = set()
        self.failing: dict[str, int] = {}
        """How often a path still answers that it is busy."""
        self.tagged = False
        """Whether pages have an ETag, and are spared to those who know it."""
        self.spared = 0
        self.asked: list[str] = []
        self.agents: set[str] = set()
        self._gates: dict[str, threading.Event] = {}
        site = self

        class Visit(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                site.agents.add(self.headers["User-Agent"])
                if gate := site._gates.get(self.path):
                    gate.wait(30)
                said = site._reply(self.path)
                body = said.body if isinstance(said.body, bytes) else said.body.encode()
                status = 500 if self.path in site.broken else said.status
                if site.failing.get(self.path):
                    site.failing[self.path] -= 1
                    status = 503
                tag = f'"{crc32(body)}"'
                if site.tagged and status == 200 and self.headers["If-None-Match"] == tag:
                    site.spared += 1
                    status, body = 304, b""
                self.send_response(status)
                if site.tagged:
                    self.send_header("ETag", tag)
                self.send_header("Content-Type", said.type)
                for name, value in said.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *values: object) -> None:
                """The tests ask `asked`."""

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """A visitor who was stopped while waiting is what some tests are about."""

        self._made = made
        self._server = Quiet(("127.0.0.1", 0), Visit)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def _reply(self, path: str) -> Reply:
        said = self.pages.get(path) or self._made(path)
        if isinstance(said, Reply):
            return said
        text = "text/plain; charset=utf-8" if path.endswith(".txt") else "text/html; charset=utf-8"
        body = said or ""
        return Reply(body, JSON if body.startswith("{") else text, 200 if body else 404)

    @contextmanager
    def holding(self, path: str) -> Iterator[None]:
        """Keep every visitor of *path* waiting."""
        gate = self._gates[path] = threading.Event()
        try:
            yield
        finally:
            del self._gates[path]
            gate.set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def listing(*notices: str, pages: int = 1) -> str:
    """A listing page with *notices*, linking all its *pages*."""
    items = "".join(f"<li><h2><a href='/{slug}'>All about the {slug} grant</a></h2></li>" for slug in notices)
    links = "".join(f"<a href='/?page={number}'>{number}</a>" for number in range(1, pages + 1))
    return f"<main><ul>{items}</ul><div class=pagination>{links}</div></main>"


def notice(title: str) -> str:
    return f"<html lang=en><title>{title}</title><h1>{title}</h1><p>Funder: Fund of {title}</p></html>"
