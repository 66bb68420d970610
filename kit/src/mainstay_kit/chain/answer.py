"""An answer: a complete response that a part sends in place of the application's."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from .asgi import Header

JSON = b"application/json"
TEXT = b"text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and body; `content-length` is added when it is sent."""

    status: int
    body: bytes = b""
    headers: tuple[Header, ...] = ()


def json_answer(status: int, document: Mapping[str, object], *headers: Header, kind: bytes = JSON) -> Answer:
    body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    return Answer(status, body, ((b"content-type", kind), *headers))


def text_answer(status: int, text: str, kind: bytes = TEXT) -> Answer:
    return Answer(status, text.encode(), ((b"content-type", kind),))
