"""A response that is held until it is complete, because a rewritten one replaces it."""

from collections.abc import Callable

from .answer import Answer
from .asgi import Message

AT_MOST = 65_536
Rewrite = Callable[[int, bytes], Answer]


class Held:
    """The start of a response and the first 64 KiB of its body, so that an endless body uses bounded memory."""

    def __init__(self, start: Message, rewrite: Rewrite) -> None:
        self._start = start
        self._rewrite = rewrite
        self._body = bytearray()

    def is_whole_with(self, message: Message) -> bool:
        self._body += message.get("body", b"")[: AT_MOST - len(self._body)]
        return not message.get("more_body")

    def rewritten(self) -> tuple[Message, Message]:
        """Return the rewritten response, with the held one's headers except those that describe its body."""
        answer = self._rewrite(self._start["status"], bytes(self._body))
        gone = {b"content-length", b"content-encoding", *(name for name, _ in answer.headers)}
        kept = [(name, value) for name, value in self._start["headers"] if name.lower() not in gone]
        headers = [*kept, *answer.headers, (b"content-length", b"%d" % len(answer.body))]
        return {**self._start, "headers": headers}, {"type": "http.response.body", "body": answer.body}
