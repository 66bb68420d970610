"""What the tests of metrics serve with several workers."""

import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mainstay_kit import Metrics, Registry


async def hello(request: Request) -> Response:
    return PlainTextResponse(str(os.getpid()))


app = Metrics(Starlette(routes=[Route("/hello", hello)]), registry=Registry(Path(os.environ["METRICS"])))
