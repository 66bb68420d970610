"""The operator's request, by a signal, to stop a run."""

from mainstay.errors import Interrupted


class Interruption:
    """Records requests to stop the run. A first one stops it at its next safe point; a second one stops it at once.

    The second request raises Interrupted from the signal handler, in the main thread, at any point of its execution.
    That is as safe as a crash, which the run survives anywhere.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self.twice = False

    def request(self, signal: int) -> None:
        """Record that *signal* arrived; safe to call from a signal handler. Raises Interrupted on the second call."""
        self.twice = self.signal is not None
        self.signal = signal
        if self.twice:
            self.check()

    def check(self) -> None:
        """Raise Interrupted if an interrupt was requested."""
        if self.signal is not None:
            remedy = "mainstay resume, or mainstay abort to roll it back"
            raise Interrupted("interrupted; the run can be resumed", signal=self.signal, remedy=remedy)
