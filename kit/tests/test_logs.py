import asyncio
import base64
import io
import json
import logging
import os
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.tests.driving import call, stub_app
from mainstay_kit import AccessLog, Redactor, Secret, configure_logging, protect
from mainstay_kit.chain import Receive, Scope, Send
from mainstay_kit.logs import timestamp
from mainstay_kit.logs.access_log import Descriptor

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P26")]
SECRET = 'h"unter/2 + Ärger\\'


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging(stream=stream, redactor=Redactor([Secret(SECRET)]))
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


def lines(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


async def test_a_log_line_contains_its_request_id(log: io.StringIO) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        logging.getLogger("shop").info("sold %s", "a book")
        await stub_app()(scope, receive, send)

    reply = await call(protect(app, access_log=AccessLog(write=lambda _: None)))
    line = lines(log)[0]
    assert (line["message"], line["logger"], line["level"]) == ("sold a book", "shop", "info")
    assert line["request_id"] == reply.headers["x-request-id"]


def test_extra_fields_do_not_replace_standard_fields(log: io.StringIO) -> None:
    extra = {"level": "loud", "at": "never", "logger": "me", "color_message": "\x1b[1mgo", "order": 7}
    logging.getLogger("shop").info("go", extra=extra)
    line = lines(log)[0]
    assert line.keys() == {"at", "level", "logger", "message", "order"}
    assert (line["level"], line["logger"], line["order"]) == ("info", "shop", 7)
    assert line["at"] != "never"


def test_attributes_added_by_other_handlers_are_not_logged(log: io.StringIO) -> None:
    other = logging.StreamHandler(io.StringIO())
    other.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logging.getLogger().handlers.insert(0, other)
    logging.getLogger("shop").info("go")
    assert lines(log)[0].keys() == {"at", "level", "logger", "message"}


def test_exc_info_without_an_exception_is_not_logged(log: io.StringIO) -> None:
    logging.getLogger("shop").error("late", exc_info=True)
    assert "error" not in lines(log)[0]


def test_server_logs_are_json_and_the_servers_access_log_is_off(log: io.StringIO) -> None:
    servers = [logging.getLogger(name) for name in ("uvicorn", "uvicorn.error", "uvicorn.access")]
    before = [(server.handlers[:], server.propagate) for server in servers]
    server_output = io.StringIO()
    for server in servers:
        server.handlers[:], server.propagate = [logging.StreamHandler(server_output)], server.name == "uvicorn.access"
    configure_logging(stream=log)
    configure_logging(stream=log)
    for server in servers:
        server.info("from %s", server.name)
    for server, (handlers, propagate) in zip(servers, before, strict=True):
        server.handlers[:], server.propagate = handlers, propagate
    assert [line["message"] for line in lines(log)] == ["from uvicorn", "from uvicorn.error"]
    assert server_output.getvalue() == ""


@pytest.mark.threat("S5")
def test_control_characters_cannot_split_a_log_line(log: io.StringIO) -> None:
    logging.getLogger("shop").warning("a\nb\x1b]52;c;x\x07\u2028")
    assert "\x1b" not in log.getvalue()
    assert len(log.getvalue().splitlines()) == 1


@pytest.mark.threat("S12")
def test_no_encoding_of_a_secret_is_logged(log: io.StringIO) -> None:
    raw = SECRET.encode()
    encoded_inside = base64.b64encode(b"ab" + raw + b"c").decode()
    encodings = [SECRET, quote(SECRET, safe=""), raw.hex(), json.dumps(SECRET), encoded_inside]
    for encoding in encodings:
        logging.getLogger("shop").info("got %s", encoding, extra={"detail": encoding})
    try:
        raise LookupError(SECRET)
    except LookupError:
        logging.getLogger("shop").exception("failed")
    for line in lines(log):
        for encoding in encodings[:4]:
            assert encoding not in json.dumps(line, ensure_ascii=False)
            assert json.dumps(encoding)[1:-1] not in json.dumps(line)
    assert encoded_inside[4:-4] not in log.getvalue()


def test_values_with_sensitive_names_are_masked(log: io.StringIO) -> None:
    detail = {"password": "a", "Authorization": "b", "name": "ada", "nested": {"api_key": "c"}}
    logging.getLogger("shop").info("login", extra={"detail": detail})
    dots = "••••"
    assert lines(log)[0]["detail"] == {
        "password": dots, "Authorization": dots, "name": "ada", "nested": {"api_key": dots}
    }  # fmt: skip


@given(secret=st.text(min_size=8, max_size=40), before=st.text(max_size=20), after=st.text(max_size=20))
def test_a_secret_is_masked_anywhere_in_a_text(secret: str, before: str, after: str) -> None:
    shown = Redactor([secret]).text(f"{before}{secret}{after}")
    assert secret not in shown


def test_the_password_of_a_url_is_masked() -> None:
    redactor = Redactor(["postgresql://app:h%23nter2@db/app"])
    assert redactor.text("no pg_hba entry for app, tried h#nter2 and h%23nter2") == (
        "no pg_hba entry for app, tried •••• and ••••"
    )


def test_very_short_values_are_not_masked() -> None:
    assert Redactor(["on"]).text("going on") == "going on"


async def test_the_access_log_has_each_request_without_its_query() -> None:
    written: list[bytes] = []
    app = protect(stub_app(), access_log=AccessLog(write=written.append, now=lambda: 1_800_000_000.25))
    await call(app, '/a"\n', query_string=b"token=hunter2")
    line = json.loads(written[0])
    assert (line["at"], line["path"], line["status"], line["bytes"]) == ("2027-01-15T08:00:00.250Z", '/a"\n', 200, 5)
    assert b"hunter2" not in written[0]


@pytest.mark.requirement("A64")
async def test_the_access_log_ignores_the_log_level(log: io.StringIO) -> None:
    configure_logging(level="error", stream=log)
    written: list[bytes] = []
    await call(protect(stub_app(), access_log=AccessLog(write=written.append)))
    assert len(written) == 1


async def test_successful_probes_are_not_logged() -> None:
    written: list[bytes] = []
    await call(protect(stub_app(), access_log=AccessLog(write=written.append)), "/ready")
    assert not written


def test_a_closed_log_descriptor_loses_lines_but_fails_no_request() -> None:
    closed_descriptor = Descriptor(9_999)
    closed_descriptor.write(b"line\nline\n")
    assert closed_descriptor.lost == 2


def test_timestamps_are_utc_with_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "XXX-5")
    time.tzset()
    texts = [timestamp(at) for at in (0.0, 0.9999, 1.0, 1.5)]
    monkeypatch.undo()
    time.tzset()
    seconds = ("00.000", "00.999", "01.000", "01.500")
    assert texts == [f"1970-01-01T00:00:{second}Z" for second in seconds]


async def test_the_access_log_uses_the_configured_redactor_by_default(log: io.StringIO) -> None:
    written: list[bytes] = []
    await call(AccessLog(stub_app(), write=written.append), f"/{SECRET}")
    assert json.loads(written[0])["path"] == "/••••"


async def test_requests_ending_in_one_iteration_are_logged_in_one_write() -> None:
    written: list[bytes] = []
    app = AccessLog(stub_app(), write=written.append)
    await asyncio.gather(*(call(app) for _ in range(5)))
    assert [lines.count(b"\n") for lines in written] == [5]


def test_writes_are_split_at_line_ends_to_fit_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[bytes] = []

    def write(_number: int, lines: bytes) -> int:
        pieces.append(lines)
        return len(lines)

    monkeypatch.setattr(os, "write", write)
    lines = [b"x" * size + b"\n" for size in (2000, 2000, 2000, 9000, 10)]
    Descriptor(1).write(b"".join(lines))
    assert pieces == [lines[0] + lines[1], lines[2], lines[3], lines[4]]
