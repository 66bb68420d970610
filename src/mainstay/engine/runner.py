"""The process that executes a run: its identity, interrupt request, listener and executor."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from mainstay import __version__
from mainstay.engine.executor import Executor, Threads
from mainstay.engine.plan_codec import Registry
from mainstay.errors import Interrupted
from mainstay.history.journal import Row
from mainstay.steps import AnyStep
from mainstay.system.clock import Clock
from mainstay.system.users import person


class Interruption:
    """A first request stops the run at its next safe point; a second one stops it at once.

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
            remedy = "mainstay resume, or mainstay abort to go back"
            raise Interrupted("interrupted; the run can be resumed", signal=self.signal, remedy=remedy)


def ignore_event(row: Row) -> None:
    """Ignore the row: the default listener."""


@dataclass(frozen=True, slots=True)
class Runner:
    """The process that executes a run.

    `on_event` is called with each row once it is durable, one call at a time, from any thread.
    """

    by: str
    host: str
    executor: Executor
    tool: str = f"mainstay {__version__}"
    pid: int = field(default_factory=os.getpid)
    interruption: Interruption = field(default_factory=Interruption)
    on_event: Callable[[Row], None] = ignore_event
    registry: Registry = AnyStep
    """The kinds of steps that this process can execute."""

    @classmethod
    def here(
        cls, clock: Clock, *, interruption: Interruption | None = None, on_event: Callable[[Row], None] = ignore_event
    ) -> Self:
        """Return the runner for this process, this user and this host."""
        return cls(
            by=person(),
            host=socket.gethostname(),
            executor=Threads(clock),
            interruption=interruption or Interruption(),
            on_event=on_event,
        )
