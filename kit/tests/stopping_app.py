"""What the tests of graceful stop serve: slow answers, event streams and WebSockets."""

import asyncio
import os
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from mainstay_kit import GracefulStop, protect


async def slow(request: Request) -> Response:
    await asyncio.sleep(float(request.query_params["seconds"]))
    return PlainTextResponse("done")


async def events(request: Request) -> Response:
    async def forever() -> AsyncIterator[str]:
        yield "data: hello\n\n"
        await asyncio.Event().wait()

    return StreamingResponse(forever(), media_type="text/event-stream")


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


routes = [Route("/slow", slow), Route("/events", events), WebSocketRoute("/socket", socket)]
stop = GracefulStop(
    drain_timeout=float(os.environ.get("DRAIN", "30")), delay=float(os.environ.get("NOTICE", "0")), stream_timeout=0.3
)
app = protect(Starlette(routes=routes), stop=stop)
