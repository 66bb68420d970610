import asyncio
import contextlib
import gc
from collections.abc import Sequence

import pytest

from kit.tests.driving import Reply, answering, ask, scope_of
from mainstay_kit import AccessLog, Answer, Chain, Exchange, Part, SecurityHeaders, current, protect
from mainstay_kit.chain import ASGIApp, Header, Message, Receive, Scope, Send

pytestmark = pytest.mark.anyio


class Noting(Part):
    def __init__(self, name: str, notes: list[str], answer: Answer | None = None) -> None:
        self.name, self.notes, self.answer = name, notes, answer
        super().__init__()

    def enter(self, exchange: Exchange) -> Answer | None:
        self.notes.append(f"{self.name} enters")
        return self.answer

    def answering(self, exchange: Exchange, headers: list[Header]) -> None:
        headers.append((self.name.encode(), b"was here"))

    def leave(self, exchange: Exchange) -> None:
        self.notes.append(f"{self.name} leaves {exchange.status}")

    async def startup(self) -> None:
        self.notes.append(f"{self.name} starts")

    async def shutdown(self) -> None:
        self.notes.append(f"{self.name} ends")


async def test_parts_enter_from_the_outside_and_leave_from_the_inside() -> None:
    notes: list[str] = []
    reply = await ask(Chain(answering(), Noting("a", notes), Noting("b", notes)))
    assert notes == ["a enters", "b enters", "b leaves 200", "a leaves 200"]
    assert reply.headers["a"] == reply.headers["b"] == "was here"


async def test_what_one_part_refuses_the_later_ones_and_the_application_never_see() -> None:
    notes: list[str] = []
    seen: list[Scope] = []
    parts = Noting("a", notes, Answer(403, b"no")), Noting("b", notes)
    reply = await ask(Chain(answering(seen=seen), *parts))
    assert (reply.status, reply.body, reply.headers["content-length"]) == (403, b"no", "2")
    assert "b enters" not in notes
    assert not seen


async def test_a_part_is_middleware_by_itself() -> None:
    reply = await ask(SecurityHeaders(answering()))
    assert reply.headers["x-content-type-options"] == "nosniff"


async def test_a_part_without_an_application_says_what_to_write() -> None:
    with pytest.raises(Exception, match=r"write SecurityHeaders\(app, …\)"):
        await ask(SecurityHeaders())


async def test_an_error_goes_on_to_the_server_when_no_part_answers_it() -> None:
    notes: list[str] = []
    with pytest.raises(LookupError):
        await ask(Chain(failing(LookupError("x")), Noting("a", notes)))
    assert notes == ["a enters", "a leaves 500"]


async def test_the_current_exchange_is_that_of_the_request_and_gone_after_it() -> None:
    found: list[Exchange | None] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found.append(current.get())
        await answering()(scope, receive, send)

    await ask(Chain(app))
    assert isinstance(found[0], Exchange)
    assert current.get() is None


async def test_an_application_without_lifespan_still_has_its_parts_started_and_shut_down() -> None:
    notes: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"

    said = await lifespan(Chain(app, Noting("a", notes)))
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert notes == ["a starts", "a ends"]


async def test_an_application_that_fails_to_start_is_not_hidden() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})
        raise LookupError("no database")

    with pytest.raises(LookupError):
        await lifespan(Chain(app))


def failing(error: Exception) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    return app


async def lifespan(app: Chain) -> list[str]:
    coming: list[Message] = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    said = Reply()

    async def receive() -> Message:
        return coming.pop(0)

    async def send(message: Message) -> None:
        said.messages.append(message)

    await app({**scope_of(), "type": "lifespan"}, receive, send)
    return [message["type"] for message in said.messages]


async def test_a_request_leaves_nothing_for_the_garbage_collector() -> None:
    app = protect(answering(), access_log=AccessLog(write=lambda _: None))
    await ask(app)
    gc.collect()
    gc.disable()
    for _ in range(100):
        await ask(app)
    left = gc.collect()
    gc.enable()
    assert left < 100


class Recording(Part):
    def __init__(self) -> None:
        self.turns: list[list[int]] = []
        super().__init__()

    def record(self, ended: Sequence[Exchange]) -> None:
        self.turns.append([exchange.status for exchange in ended])


async def test_what_can_wait_is_done_once_for_all_that_ended_in_a_turn() -> None:
    part = Recording()
    app = Chain(answering(), part)
    await asyncio.gather(ask(app), ask(app), ask(app))
    assert part.turns == [[200, 200, 200]]


class AtOnePath(Noting):
    paths = ("/one",)


async def test_a_part_that_names_its_paths_enters_at_no_other() -> None:
    notes: list[str] = []
    app = Chain(answering(), Noting("a", notes), AtOnePath("b", notes), Noting("c", notes))
    await ask(app, "/one")
    assert notes[:3] == ["a enters", "b enters", "c enters"]
    notes.clear()
    await ask(app, "/two")
    assert notes[:2] == ["a enters", "c enters"]


@pytest.mark.parametrize(("version", "left"), [("2.4", True), ("2.3", False)])
async def test_a_server_that_raises_when_the_client_has_left_is_believed(version: str, left: bool) -> None:
    exchanges: list[Exchange] = []

    class Watching(Part):
        def leave(self, exchange: Exchange) -> None:
            exchanges.append(exchange)

    async def gone(_message: Message) -> None:
        raise OSError("gone")

    scope = scope_of(asgi={"version": "3.0", "spec_version": version})
    with contextlib.suppress(OSError):
        await Chain(answering(), Watching())(scope, receive_nothing, gone)
    assert exchanges[0].client_left is left


async def receive_nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
