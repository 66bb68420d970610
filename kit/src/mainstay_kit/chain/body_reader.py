"""The interface of a part that receives a request's body while it arrives, and may refuse it."""

from typing import Protocol

from .asgi import Message, Receive
from .response import Response


class BodyReader(Protocol):
    """Receives a body piece by piece in place of the application, and may refuse the rest of it."""

    refusal: Response | None
    """Set when the body is refused: the response to send at once, in place of the piece just received."""

    async def receive(self, receive: Receive) -> Message: ...
