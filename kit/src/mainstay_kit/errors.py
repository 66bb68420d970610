"""Expected failures: the classes of errors whose message includes what to do."""


class KitError(Exception):
    """An expected failure. Its text has the *message*, which states what happened, and the *remedy*, if any."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(f"{message}; {remedy}" if remedy else message)
        self.message = message
        self.remedy = remedy


class Misconfigured(KitError):
    """A part was given settings that are invalid or unsafe."""


class StreamEnded(OSError):
    """The response has ended because the client left or the service is stopping; an `OSError`, as servers raise."""
