"""A service for tests, built with the kit: answers `/` with its release and the response of its neighbour api."""

import os

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mainstay_kit import protect
from mainstay_kit.client import neighbour

api = neighbour(os.environ["API_URL"])


async def release(request: Request) -> Response:
    if request.url.path == "/health":
        return PlainTextResponse("ready")
    found = (await api.get("/")).raise_for_status().json()
    return PlainTextResponse(f"web@{os.environ['MAINSTAY_RELEASE']} api@{found['MAINSTAY_RELEASE']}")


app = protect(Starlette(routes=[Route("/", release), Route("/health", release)]))

if __name__ == "__main__":
    uvicorn.run(app, host=os.environ["HOST"], port=int(os.environ["PORT"]), access_log=False)
