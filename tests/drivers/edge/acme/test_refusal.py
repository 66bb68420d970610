"""What is reported of an attempt that failed."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from acme import errors, messages

from mainstay.drivers.edge.acme.__main__ import request
from mainstay.drivers.edge.acme.attempt import Attempt
from mainstay.drivers.edge.acme.refusal import failure_of, seconds_of
from mainstay.drivers.edge.acme.renewal import Failure
from mainstay.model.acme import Acme

DETAIL = b'{"type": "urn:ietf:params:acme:error:rateLimited", "detail": "too many\\n certificates"}'


class _Refuses(BaseHTTPRequestHandler):
    """An authority at its limit, or one that does not speak ACME."""

    def do_GET(self) -> None:
        limited = self.path == "/limited"
        self.send_response(429 if limited else 200)
        self.send_header("Retry-After", "7200")
        self.send_header("Content-Type", "application/problem+json")
        self.end_headers()
        self.wfile.write(DETAIL if limited else b"<html>")

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Refuses) as server:
        Thread(target=server.serve_forever, args=(0.01,)).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def attempt(directory: str, folder: Path) -> Attempt:
    return Attempt(Acme(directory), ("shop.example",), str(folder), str(folder / "keys"))


def test_a_rate_limit_is_reported_with_the_pause_that_the_authority_demands(server: str, tmp_path: Path) -> None:
    found = request(attempt(f"{server}/limited", tmp_path))
    assert found == Failure("too many certificates", 7200.0, rate_limited=True)


def test_a_reply_that_is_not_acme_is_reported(server: str, tmp_path: Path) -> None:
    found = request(attempt(f"{server}/page", tmp_path))
    assert found is not None
    assert found.what.startswith(f"{server}/page sent a reply that is not ACME: ")
    assert found.retry_after_s == 0


def test_problems_of_single_hosts_are_reported_with_the_host() -> None:
    host = messages.Identifier(typ=messages.IDENTIFIER_FQDN, value="shop.example")
    part = messages.Error.with_code("caa", detail="CAA record forbids it", identifier=host)
    whole = messages.Error.with_code("compound", detail="some hosts", subproblems=(part,))
    assert failure_of(errors.IssuanceError(whole), "x", "").what == "shop.example: CAA record forbids it"


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("120", 120, 120),
        ("", 0, 0),
        ("soon", 0, 0),
        ("-5", 0, 0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0, 0),
        ("Fri, 31 Dec 2100 23:59:59 GMT", 1e9, 1e10),
        ("Fri, 31 Dec 2100 23:59:59 -0000", 0, 1e10),
    ],
)
def test_the_pause_is_read_from_both_forms_of_the_header(header: str, least: float, most: float) -> None:
    assert least <= seconds_of(header) <= most
