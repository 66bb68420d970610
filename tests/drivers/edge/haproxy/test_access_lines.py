"""Lines of HAProxy's access log."""

import pytest

from mainstay.drivers.edge.haproxy.access_lines import AccessLogEntry, described, read
from tests.drivers.edge.haproxy.running_proxy import LINE

PREVIEWED = LINE.replace(b'"id"', b'"route":"preview","id"')
NO_SERVER = LINE.replace(b'"web.s2"', b'"<NOSRV>"').replace(b'"41"', b'"-"').replace(b'"+1"', b'"0"')


def test_a_line_names_the_slot_and_release_that_responded() -> None:
    entry = read(LINE)
    assert isinstance(entry, AccessLogEntry)
    assert (entry.slot, entry.release, entry.retries) == (2, 41, 1)


def test_a_line_shows_that_no_instance_was_reached() -> None:
    entry = read(NO_SERVER)
    assert isinstance(entry, AccessLogEntry)
    assert (entry.slot, entry.release, entry.retries) == (None, None, 0)


def test_an_incomplete_line_is_refused() -> None:
    with pytest.raises(ValueError, match="truncated"):
        read(LINE[:80])


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (LINE, "GET /a 200 3 ms web@41"),
        (LINE.replace(b"door:8080", b"listener:web"), "GET /a 200 3 ms web@41, from inside"),
        (PREVIEWED, "GET /a 200 3 ms web@41, preview"),
        (PREVIEWED.replace(b"door:8080", b"listener:web"), "GET /a 200 3 ms web@41, from inside, preview"),
        (NO_SERVER.replace(b"200", b"503"), "GET /a 503 3 ms web, no instance responded"),
        (
            NO_SERVER.replace(b'"web"', b'"-"').replace(b"200", b"404").replace(b'"--"', b'"LR"'),
            "GET /a 404 3 ms no route",
        ),
        (NO_SERVER.replace(b'"web"', b'"-"').replace(b"200", b"301"), "GET /a 301 3 ms the front door responded"),
        (
            LINE.replace(b'"--"', b'"SH"').replace(b"200", b"502"),
            "GET /a 502 3 ms web@41, ended SH (connection closed before the response)",
        ),
        (LINE.replace(b'"--"', b'"SD"'), "GET /a 200 3 ms web@41, ended SD (response cut off)"),
        (LINE.replace(b'"--"', b'"CD"'), "GET /a 200 3 ms web@41, ended CD (client left)"),
        (LINE.replace(b'"--"', b'"RC"'), "GET /a 200 3 ms web@41, ended RC"),
        (b'{"at":"2026-11-21T13:18:17.120Z","lost":3}', "3 lines of the access log are missing: HAProxy dropped them"),
    ],
    ids=[
        "a response",
        "from another service",
        "preview door",
        "preview inside",
        "no instance",
        "no route",
        "a redirect",
        "closed before the response",
        "cut off",
        "client left",
        "a state without words",
        "lines that were dropped",
    ],
)
def test_a_line_is_shown_in_words(line: bytes, shown: str) -> None:
    assert described(read(line)) == shown
