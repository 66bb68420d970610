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

from kit.tests.driving import answering, ask
from mainstay_kit import AccessLog, Redactor, Secret, configure_logging, protect
from mainstay_kit.chain import Receive, Scope, Send
from mainstay_kit.logs import moment
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


async def test_a_line_knows_its_request(log: io.StringIO) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        logging.getLogger("shop").info("sold %s", "a book")
        await answering()(scope, receive, send)

    reply = await ask(protect(app, access_log=AccessLog(write=lambda _: None)))
    line = lines(log)[0]
    assert (line["message"], line["logger"], line["level"]) == ("sold a book", "shop", "info")
    assert line["request_id"] == reply.headers["x-request-id"]


def test_what_is_added_to_a_line_takes_nothing_else_its_place(log: io.StringIO) -> None:
    extra = {"level": "loud", "at": "never", "logger": "me", "color_message": "\x1b[1mgo", "order": 7}
    logging.getLogger("shop").info("go", extra=extra)
    line = lines(log)[0]
    assert line.keys() == {"at", "level", "logger", "message", "order"}
    assert (line["level"], line["logger"], line["order"]) == ("info", "shop", 7)
    assert line["at"] != "never"


def test_what_other_handlers_make_of_a_record_is_not_told_twice(log: io.StringIO) -> None:
    other = logging.StreamHandler(io.StringIO())
    other.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logging.getLogger().handlers.insert(0, other)
    logging.getLogger("shop").info("go")
    assert lines(log)[0].keys() == {"at", "level", "logger", "message"}


def test_an_error_that_is_none_is_not_told(log: io.StringIO) -> None:
    logging.getLogger("shop").error("late", exc_info=True)
    assert "error" not in lines(log)[0]


def test_what_a_server_tells_is_one_line_of_ours_and_its_access_log_is_off(log: io.StringIO) -> None:
    servers = [logging.getLogger(name) for name in ("uvicorn", "uvicorn.error", "uvicorn.access")]
    before = [(server.handlers[:], server.propagate) for server in servers]
    own = io.StringIO()
    for server in servers:
        server.handlers[:], server.propagate = [logging.StreamHandler(own)], server.name == "uvicorn.access"
    configure_logging(stream=log)
    configure_logging(stream=log)
    for server in servers:
        server.info("from %s", server.name)
    for server, (handlers, propagate) in zip(servers, before, strict=True):
        server.handlers[:], server.propagate = handlers, propagate
    assert [line["message"] for line in lines(log)] == ["from uvicorn", "from uvicorn.error"]
    assert own.getvalue() == ""


@pytest.mark.threat("S5")
def test_a_line_stays_one_line_whatever_is_in_it(log: io.StringIO) -> None:
    logging.getLogger("shop").warning("a\nb\x1b]52;c;x\x07\u2028")
    assert "\x1b" not in log.getvalue()
    assert len(log.getvalue().splitlines()) == 1


@pytest.mark.threat("S12")
def test_no_form_of_a_secret_is_written(log: io.StringIO) -> None:
    raw = SECRET.encode()
    inside = base64.b64encode(b"ab" + raw + b"c").decode()
    forms = [SECRET, quote(SECRET, safe=""), raw.hex(), json.dumps(SECRET), inside]
    for form in forms:
        logging.getLogger("shop").info("got %s", form, extra={"detail": form})
    try:
        raise LookupError(SECRET)
    except LookupError:
        logging.getLogger("shop").exception("failed")
    for line in lines(log):
        for form in forms[:4]:
            assert form not in json.dumps(line, ensure_ascii=False)
            assert json.dumps(form)[1:-1] not in json.dumps(line)
    assert inside[4:-4] not in log.getvalue()


def test_what_is_named_like_a_secret_is_not_written(log: io.StringIO) -> None:
    detail = {"password": "a", "Authorization": "b", "name": "ada", "nested": {"api_key": "c"}}
    logging.getLogger("shop").info("login", extra={"detail": detail})
    dots = "••••"
    assert lines(log)[0]["detail"] == {
        "password": dots, "Authorization": dots, "name": "ada", "nested": {"api_key": dots}
    }  # fmt: skip


@given(secret=st.text(min_size=8, max_size=40), before=st.text(max_size=20), after=st.text(max_size=20))
def test_a_secret_is_found_wherever_it_stands(secret: str, before: str, after: str) -> None:
    shown = Redactor([secret]).text(f"{before}{secret}{after}")
    assert secret not in shown


def test_the_password_of_a_url_is_a_secret_by_itself() -> None:
    redactor = Redactor(["postgresql://app:h%23nter2@db/app"])
    assert redactor.text("no pg_hba entry for app, tried h#nter2 and h%23nter2") == (
        "no pg_hba entry for app, tried •••• and ••••"
    )


def test_very_short_values_are_not_masked() -> None:
    assert Redactor(["on"]).text("going on") == "going on"


async def test_the_access_log_tells_each_request_and_no_query() -> None:
    written: list[bytes] = []
    app = protect(answering(), access_log=AccessLog(write=written.append, now=lambda: 1_800_000_000.25))
    await ask(app, '/a"\n', query_string=b"token=hunter2")
    line = json.loads(written[0])
    assert (line["at"], line["path"], line["status"], line["bytes"]) == ("2027-01-15T08:00:00.250Z", '/a"\n', 200, 5)
    assert b"hunter2" not in written[0]


@pytest.mark.requirement("A64")
async def test_the_access_log_is_not_silenced_by_a_level(log: io.StringIO) -> None:
    configure_logging(level="error", stream=log)
    written: list[bytes] = []
    await ask(protect(answering(), access_log=AccessLog(write=written.append)))
    assert len(written) == 1


async def test_probes_that_go_well_are_not_told() -> None:
    written: list[bytes] = []
    await ask(protect(answering(), access_log=AccessLog(write=written.append)), "/ready")
    assert not written


def test_a_reader_that_is_gone_costs_lines_and_no_request() -> None:
    nowhere = Descriptor(9_999)
    nowhere.write(b"line\nline\n")
    assert nowhere.lost == 2


def test_moments_carry_milliseconds_and_a_zone_whatever_the_machines_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "XXX-5")
    time.tzset()
    told = [moment(at) for at in (0.0, 0.9999, 1.0, 1.5)]
    monkeypatch.undo()
    time.tzset()
    seconds = ("00.000", "00.999", "01.000", "01.500")
    assert told == [f"1970-01-01T00:00:{second}Z" for second in seconds]


async def test_without_a_redactor_of_its_own_the_access_log_has_the_configured_one(log: io.StringIO) -> None:
    written: list[bytes] = []
    await ask(AccessLog(answering(), write=written.append), f"/{SECRET}")
    assert json.loads(written[0])["path"] == "/••••"


async def test_what_ended_in_one_turn_is_written_at_once() -> None:
    written: list[bytes] = []
    app = AccessLog(answering(), write=written.append)
    await asyncio.gather(*(ask(app) for _ in range(5)))
    assert [lines.count(b"\n") for lines in written] == [5]


def test_lines_are_never_cut_by_a_pipe_that_several_processes_share(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[bytes] = []

    def write(_number: int, lines: bytes) -> int:
        pieces.append(lines)
        return len(lines)

    monkeypatch.setattr(os, "write", write)
    lines = [b"x" * size + b"\n" for size in (2000, 2000, 2000, 9000, 10)]
    Descriptor(1).write(b"".join(lines))
    assert pieces == [lines[0] + lines[1], lines[2], lines[3], lines[4]]
