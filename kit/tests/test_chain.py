import asyncio
import contextlib
import gc
from collections.abc import Sequence

import pytest

from kit.tests.driving import Reply, call, scope_of, stub_app
from mainstay_kit import AccessLog, Chain, Exchange, Part, Response, SecurityHeaders, current, protect
from mainstay_kit.chain import ASGIApp, Header, Message, Receive, Scope, Send

pytestmark = pytest.mark.anyio


class NotingPart(Part):
    def __init__(self, name: str, notes: list[str], response: Response | None = None) -> None:
        self.name, self.notes, self.response = name, notes, response
        super().__init__()

    def on_request(self, exchange: Exchange) -> Response | None:
        self.notes.append(f"{self.name} enters")
        return self.response

    def on_response_start(self, exchange: Exchange, headers: list[Header]) -> None:
        headers.append((self.name.encode(), b"was here"))

    def on_end(self, exchange: Exchange) -> None:
        self.notes.append(f"{self.name} leaves {exchange.status}")

    async def startup(self) -> None:
        self.notes.append(f"{self.name} starts")

    async def shutdown(self) -> None:
        self.notes.append(f"{self.name} ends")


async def test_request_hooks_run_outermost_first_and_end_hooks_innermost_first() -> None:
    notes: list[str] = []
    reply = await call(Chain(stub_app(), NotingPart("a", notes), NotingPart("b", notes)))
    assert notes == ["a enters", "b enters", "b leaves 200", "a leaves 200"]
    assert reply.headers["a"] == reply.headers["b"] == "was here"


async def test_later_parts_and_the_application_do_not_see_a_refused_request() -> None:
    notes: list[str] = []
    seen: list[Scope] = []
    parts = NotingPart("a", notes, Response(403, b"no")), NotingPart("b", notes)
    reply = await call(Chain(stub_app(seen=seen), *parts))
    assert (reply.status, reply.body, reply.headers["content-length"]) == (403, b"no", "2")
    assert "b enters" not in notes
    assert not seen


async def test_a_part_is_middleware_by_itself() -> None:
    reply = await call(SecurityHeaders(stub_app()))
    assert reply.headers["x-content-type-options"] == "nosniff"


async def test_a_part_without_an_application_explains_the_correct_call() -> None:
    with pytest.raises(Exception, match=r"write SecurityHeaders\(app, …\)"):
        await call(SecurityHeaders())


async def test_an_exception_that_no_part_handles_reaches_the_server() -> None:
    notes: list[str] = []
    with pytest.raises(LookupError):
        await call(Chain(app_raising(LookupError("x")), NotingPart("a", notes)))
    assert notes == ["a enters", "a leaves 500"]


async def test_current_is_the_requests_exchange_and_is_reset_afterwards() -> None:
    found: list[Exchange | None] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found.append(current.get())
        await stub_app()(scope, receive, send)

    await call(Chain(app))
    assert isinstance(found[0], Exchange)
    assert current.get() is None


async def test_parts_are_started_and_shut_down_around_an_application_without_lifespan() -> None:
    notes: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"

    reply = await lifespan(Chain(app, NotingPart("a", notes)))
    assert reply == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert notes == ["a starts", "a ends"]


async def test_a_failed_application_startup_is_not_hidden() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})
        raise LookupError("no database")

    with pytest.raises(LookupError):
        await lifespan(Chain(app))


def app_raising(error: Exception) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    return app


async def lifespan(app: Chain) -> list[str]:
    pending: list[Message] = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    reply = Reply()

    async def receive() -> Message:
        return pending.pop(0)

    async def send(message: Message) -> None:
        reply.messages.append(message)

    await app({**scope_of(), "type": "lifespan"}, receive, send)
    return [message["type"] for message in reply.messages]


async def test_a_request_leaves_nothing_for_the_garbage_collector() -> None:
    app = protect(stub_app(), access_log=AccessLog(write=lambda _: None))
    await call(app)
    gc.collect()
    gc.disable()
    for _ in range(100):
        await call(app)
    garbage = gc.collect()
    gc.enable()
    assert garbage < 100


class BatchRecorder(Part):
    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        super().__init__()

    def on_batch_end(self, ended: Sequence[Exchange]) -> None:
        self.batches.append([exchange.status for exchange in ended])


async def test_on_batch_end_runs_once_per_event_loop_iteration() -> None:
    part = BatchRecorder()
    app = Chain(stub_app(), part)
    await asyncio.gather(call(app), call(app), call(app))
    assert part.batches == [[200, 200, 200]]


class AtOnePath(NotingPart):
    paths = ("/one",)


async def test_a_part_with_paths_runs_only_at_those_paths() -> None:
    notes: list[str] = []
    app = Chain(stub_app(), NotingPart("a", notes), AtOnePath("b", notes), NotingPart("c", notes))
    await call(app, "/one")
    assert notes[:3] == ["a enters", "b enters", "c enters"]
    notes.clear()
    await call(app, "/two")
    assert notes[:2] == ["a enters", "c enters"]


@pytest.mark.parametrize(("version", "client_left"), [("2.4", True), ("2.3", False)])
async def test_an_oserror_from_send_means_that_the_client_left(version: str, client_left: bool) -> None:
    exchanges: list[Exchange] = []

    class KeepExchanges(Part):
        def on_end(self, exchange: Exchange) -> None:
            exchanges.append(exchange)

    async def send_to_closed_connection(_message: Message) -> None:
        raise OSError("gone")

    scope = scope_of(asgi={"version": "3.0", "spec_version": version})
    with contextlib.suppress(OSError):
        await Chain(stub_app(), KeepExchanges())(scope, receive_nothing, send_to_closed_connection)
    assert exchanges[0].client_left is client_left


async def receive_nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
