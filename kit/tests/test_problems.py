import gzip
import logging

import pytest
from starlette.applications import Starlette

from kit.tests.driving import call, stub_app
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


async def test_a_raised_problem_is_sent_as_it_is() -> None:
    problem = Problem(409, "the seat is taken", type_uri="https://example.com/taken", seat="12A")
    reply = await call(Problems(raising(problem)))
    assert (reply.status, reply.headers["content-type"]) == (409, "application/problem+json")
    assert reply.document == {
        "type": "https://example.com/taken", "title": "Conflict", "status": 409,
        "detail": "the seat is taken", "seat": "12A",
    }  # fmt: skip


async def test_any_other_exception_is_logged_and_not_revealed(caplog: pytest.LogCaptureFixture) -> None:
    reply = await call(Problems(raising(LookupError("hunter2"))))
    assert reply.document == {"type": "about:blank", "title": "Internal Server Error", "status": 500}
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert caplog.records[0].exc_info is not None


async def test_an_error_after_a_complete_response_is_only_logged(caplog: pytest.LogCaptureFixture) -> None:
    reply = await call(Problems(raising(LookupError(), START, END)))
    assert (reply.status, reply.body) == (200, b"done")
    assert len(caplog.records) == 1


async def test_an_error_in_the_middle_of_a_response_closes_the_connection() -> None:
    with pytest.raises(LookupError):
        await call(Problems(raising(LookupError(), START)))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", b'Traceback: password="hunter2"'),
        ("application/json", b'{"error": "hunter2"}'),
        ("application/json", b'{"detail": "hunter2"}'),
        ("application/octet-stream", b"hunter2"),
    ],
)
async def test_the_body_of_a_5xx_response_is_replaced(kind: str, body: bytes) -> None:
    reply = await call(Problems(stub_app(500, body, kind, {"retry-after": "3"})))
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
async def test_an_applications_own_4xx_body_is_unchanged(kind: str, body: bytes) -> None:
    reply = await call(Problems(stub_app(404, body, kind)))
    assert (reply.body, reply.headers["content-type"]) == (body, kind)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        pytest.param(b"not before nine", "not before nine", id="a text"),
        pytest.param(b"Conflict", None, id="the reason phrase"),
        pytest.param(b'{"status_code": 409, "detail": "not yet"}', "not yet", id="a framework's JSON sent as text"),
        pytest.param(b"", None, id="nothing"),
    ],
)
async def test_the_text_of_a_plain_4xx_becomes_the_detail(body: bytes, detail: str | None) -> None:
    reply = await call(Problems(stub_app(409, body, "text/plain")))
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.document.get("detail") == detail


async def test_header_names_in_upper_case_are_recognised() -> None:
    async def django(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"Content-Type", b"text/html; charset=utf-8")]
        await send({"type": "http.response.start", "status": 404, "headers": headers})
        await send({"type": "http.response.body", "body": b"<h1>Not Found</h1>"})

    assert (await call(Problems(django))).body == b"<h1>Not Found</h1>"


@pytest.mark.parametrize("status", [500, 503])
async def test_an_html_error_page_is_unchanged(status: int) -> None:
    page = b"<h1>Down for repair</h1>" + b" " * 100_000
    reply = await call(Problems(stub_app(status, page, "text/html; charset=utf-8", {"retry-after": "60"})))
    assert (reply.status, reply.body, reply.headers["retry-after"]) == (status, page, "60")


async def test_an_html_page_in_debug_mode_is_replaced() -> None:
    answer = stub_app(500, b"<pre>hunter2</pre>", "text/html")

    async def debugged(scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = Starlette(debug=True)
        await answer(scope, receive, send)

    reply = await call(Problems(debugged))
    assert reply.document == {"type": "about:blank", "title": "Internal Server Error", "status": 500}


async def test_a_client_disconnect_is_not_an_error(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        raise ConnectionResetError("what frameworks raise then")

    lines: list[bytes] = []
    await call(protect(app, access_log=AccessLog(write=lines.append)))
    assert not caplog.records
    assert b'"status":499' in lines[0]
    assert b'"level":"info"' in lines[0]
    assert b'"client_left":true' in lines[0]


async def test_a_head_response_is_not_rewritten() -> None:
    reply = await call(Problems(stub_app(404, b"")), method="HEAD")
    assert (reply.status, reply.body) == (404, b"")


async def test_a_compressed_4xx_is_unchanged() -> None:
    body = gzip.compress(b'{"error": "sold out"}')
    reply = await call(Problems(stub_app(409, body, "application/json", {"content-encoding": "gzip"})))
    assert (reply.body, reply.headers["content-encoding"]) == (body, "gzip")


async def test_an_endless_error_body_uses_bounded_memory() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 500, "headers": []})
        for _ in range(100):
            await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
        await send(END)

    reply = await call(Problems(app))
    assert reply.document["status"] == 500
