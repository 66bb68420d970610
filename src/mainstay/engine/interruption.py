"""An interruption: what the command line's signal handlers say to the engine."""

from mainstay.errors import Interrupted


class Interruption:
    """Asked once: the run stops at its next safe point. Asked twice: it stops now.

    The second call raises where it stands, which is in the main thread: a crash there is safe, as anywhere.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self.twice = False

    def ask(self, signal: int) -> None:
        """A signal came; may be called from a handler."""
        self.twice = self.signal is not None
        self.signal = signal
        if self.twice:
            self.check()

    def check(self) -> None:
        """Raises Interrupted once it was asked."""
        if self.signal is not None:
            raise Interrupted("interrupted; the run is resumable", signal=self.signal, remedy=GO_ON)


GO_ON = "mainstay resume, or mainstay abort to go back"
