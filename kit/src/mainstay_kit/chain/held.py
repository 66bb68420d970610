"""An answer that is kept back until it is whole, because another will take its place."""

from collections.abc import Callable

from .answer import Answer
from .asgi import Message

AT_MOST = 65_536
Rewrite = Callable[[int, bytes], Answer]


class Held:
    """The start of an answer, and what has come of its body; of a body without end no more than is looked at."""

    def __init__(self, start: Message, rewrite: Rewrite) -> None:
        self._start = start
        self._rewrite = rewrite
        self._body = bytearray()

    def is_whole_with(self, message: Message) -> bool:
        self._body += message.get("body", b"")[: AT_MOST - len(self._body)]
        return not message.get("more_body")

    def rewritten(self) -> tuple[Message, Message]:
        """The other answer, with the headers of the one that was held, but those that tell of its body."""
        answer = self._rewrite(self._start["status"], bytes(self._body))
        gone = {b"content-length", b"content-encoding", *(name for name, _ in answer.headers)}
        kept = [(name, value) for name, value in self._start["headers"] if name.lower() not in gone]
        headers = [*kept, *answer.headers, (b"content-length", b"%d" % len(answer.body))]
        return {**self._start, "headers": headers}, {"type": "http.response.body", "body": answer.body}
