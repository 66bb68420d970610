"""A complete response that a part sends in place of the application's."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from .asgi import Header

JSON = b"application/json"
TEXT = b"text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Response:
    """Status, headers and body; `content-length` is added when it is sent."""

    status: int
    body: bytes = b""
    headers: tuple[Header, ...] = ()


def json_response(
    status: int, document: Mapping[str, object], *headers: Header, content_type: bytes = JSON
) -> Response:
    body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    return Response(status, body, ((b"content-type", content_type), *headers))


def text_response(status: int, text: str, content_type: bytes = TEXT) -> Response:
    return Response(status, text.encode(), ((b"content-type", content_type),))
