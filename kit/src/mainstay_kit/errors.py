"""What goes wrong in a way that is expected: shown with what to do about it."""


class KitError(Exception):
    """An expected failure: what happened, and what to do."""

    def __init__(self, what: str, *, remedy: str = "") -> None:
        super().__init__(f"{what}; {remedy}" if remedy else what)
        self.what = what
        self.remedy = remedy


class Misconfigured(KitError):
    """A part was given settings that it cannot keep safe."""


class StreamEnded(OSError):
    """The answer is over, because the client left or the service stops: an `OSError`, as servers raise it."""
