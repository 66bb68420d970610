"""A response that is held until it is complete, because a rewritten one replaces it."""

from collections.abc import Callable

from .asgi import Message
from .response import Response

MAX_BYTES = 65_536
Rewrite = Callable[[int, bytes], Response]


class BufferedResponse:
    """The start of a held response and the first 64 KiB of its body; the rest is dropped to bound the memory."""

    def __init__(self, start: Message, rewrite: Rewrite) -> None:
        self._start = start
        self._rewrite = rewrite
        self._body = bytearray()

    def is_complete_after(self, message: Message) -> bool:
        self._body += message.get("body", b"")[: MAX_BYTES - len(self._body)]
        return not message.get("more_body")

    def rewrite(self) -> tuple[Message, Message]:
        """Return the messages of the rewritten response. Headers of the held one stay, except those about its body."""
        response = self._rewrite(self._start["status"], bytes(self._body))
        replaced = {b"content-length", b"content-encoding", *(name for name, _ in response.headers)}
        kept = [(name, value) for name, value in self._start["headers"] if name.lower() not in replaced]
        headers = [*kept, *response.headers, (b"content-length", b"%d" % len(response.body))]
        return {**self._start, "headers": headers}, {"type": "http.response.body", "body": response.body}
