import gzip
import logging

import pytest
from starlette.applications import Starlette

from kit.tests.driving import answering, ask
from mainstay_kit import AccessLog, Problem, Problems, protect
from mainstay_kit.chain import ASGIApp, Message, Receive, Scope, Send

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P25")]


def raising(error: Exception, *before: Message) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in before:
            await send(message)
        raise error

    return app


START: Message = {"type": "http.response.start", "status": 200, "headers": []}
END: Message = {"type": "http.response.body", "body": b"done"}


async def test_a_problem_says_what_it_says() -> None:
    problem = Problem(409, "the seat is taken", kind="https://example.com/taken", seat="12A")
    reply = await ask(Problems(raising(problem)))
    assert (reply.status, reply.headers["content-type"]) == (409, "application/problem+json")
    assert reply.document == {
        "type": "https://example.com/taken", "title": "Conflict", "status": 409,
        "detail": "the seat is taken", "seat": "12A",
    }  # fmt: skip


async def test_any_other_error_is_logged_and_told_to_nobody(caplog: pytest.LogCaptureFixture) -> None:
    reply = await ask(Problems(raising(LookupError("hunter2"))))
    assert reply.document == {"type": "about:blank", "title": "Internal Server Error", "status": 500}
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert caplog.records[0].exc_info is not None


async def test_an_error_after_a_whole_answer_is_logged_and_the_answer_stays(caplog: pytest.LogCaptureFixture) -> None:
    reply = await ask(Problems(raising(LookupError(), START, END)))
    assert (reply.status, reply.body) == (200, b"done")
    assert len(caplog.records) == 1


async def test_a_half_answer_is_cut_so_that_it_is_seen_as_broken() -> None:
    with pytest.raises(LookupError):
        await ask(Problems(raising(LookupError(), START)))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", b'Traceback: password="hunter2"'),
        ("application/json", b'{"error": "hunter2"}'),
        ("application/json", b'{"detail": "hunter2"}'),
        ("application/octet-stream", b"hunter2"),
    ],
)
async def test_no_answer_of_500_and_more_keeps_a_body_of_its_own(kind: str, body: bytes) -> None:
    reply = await ask(Problems(answering(500, body, kind, {"retry-after": "3"})))
    assert b"hunter2" not in reply.body
    assert (reply.headers["content-type"], reply.headers["retry-after"]) == ("application/problem+json", "3")
    assert int(reply.headers["content-length"]) == len(reply.body)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        pytest.param("application/json", b'{"error": "sold out", "left": 0}', id="its own JSON"),
        pytest.param("text/html", b"<h1>Not here</h1>", id="a page"),
        pytest.param("application/problem+json", b'{"title": "x"}', id="problem details"),
    ],
)
async def test_what_an_application_says_of_4xx_in_its_own_words_stays(kind: str, body: bytes) -> None:
    reply = await ask(Problems(answering(404, body, kind)))
    assert (reply.body, reply.headers["content-type"]) == (body, kind)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        pytest.param(b"not before nine", "not before nine", id="a text"),
        pytest.param(b"Conflict", None, id="what the status says already"),
        pytest.param(b'{"status_code": 409, "detail": "not yet"}', "not yet", id="a framework's JSON sent as text"),
        pytest.param(b"", None, id="nothing"),
    ],
)
async def test_what_is_said_of_4xx_in_plain_text_becomes_the_detail(body: bytes, detail: str | None) -> None:
    reply = await ask(Problems(answering(409, body, "text/plain")))
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.document.get("detail") == detail


async def test_a_framework_that_writes_headers_in_capitals_is_understood() -> None:
    async def django(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"Content-Type", b"text/html; charset=utf-8")]
        await send({"type": "http.response.start", "status": 404, "headers": headers})
        await send({"type": "http.response.body", "body": b"<h1>Not Found</h1>"})

    assert (await ask(Problems(django))).body == b"<h1>Not Found</h1>"


@pytest.mark.parametrize("status", [500, 503])
async def test_a_page_that_was_made_for_people_stays(status: int) -> None:
    page = b"<h1>Down for repair</h1>" + b" " * 100_000
    reply = await ask(Problems(answering(status, page, "text/html; charset=utf-8", {"retry-after": "60"})))
    assert (reply.status, reply.body, reply.headers["retry-after"]) == (status, page, "60")


async def test_the_page_of_a_framework_that_is_debugged_does_not() -> None:
    answer = answering(500, b"<pre>hunter2</pre>", "text/html")

    async def debugged(scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = Starlette(debug=True)
        await answer(scope, receive, send)

    reply = await ask(Problems(debugged))
    assert reply.document == {"type": "about:blank", "title": "Internal Server Error", "status": 500}


async def test_a_client_that_left_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        raise ConnectionResetError("what frameworks raise then")

    lines: list[bytes] = []
    await ask(protect(app, access_log=AccessLog(write=lines.append)))
    assert not caplog.records
    assert b'"status":499' in lines[0]
    assert b'"level":"info"' in lines[0]
    assert b'"client_left":true' in lines[0]


async def test_a_head_answer_has_no_body_to_replace() -> None:
    reply = await ask(Problems(answering(404, b"")), method="HEAD")
    assert (reply.status, reply.body) == (404, b"")


async def test_a_compressed_4xx_is_left_as_it_is() -> None:
    body = gzip.compress(b'{"error": "sold out"}')
    reply = await ask(Problems(answering(409, body, "application/json", {"content-encoding": "gzip"})))
    assert (reply.body, reply.headers["content-encoding"]) == (body, "gzip")


async def test_of_an_endless_error_only_a_part_is_kept() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 500, "headers": []})
        for _ in range(100):
            await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
        await send(END)

    reply = await ask(Problems(app))
    assert reply.document["status"] == 500
