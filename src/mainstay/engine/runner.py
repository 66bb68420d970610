"""The process that executes a run: its identity, interrupt request, listener and executor."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from mainstay import __version__
from mainstay.engine.executor import Executor, Threads
from mainstay.engine.interruption import Interruption
from mainstay.engine.plan_codec import Registry
from mainstay.history.events import StepNumber
from mainstay.history.journal import Row
from mainstay.steps import AnyStep
from mainstay.system.clock import Clock
from mainstay.system.users import person


def ignore_event(row: Row) -> None:
    """Ignore the row: the default listener."""


def ignore_figures(step: StepNumber, what: str) -> None:
    """Ignore the figures: the default listener."""


@dataclass(frozen=True, slots=True)
class Runner:
    """The process that executes a run.

    `on_event` is called with each row once it is durable, `on_figures` with the current figures of a step, which are
    not recorded; one call at a time, from any thread.
    """

    by: str
    host: str
    executor: Executor
    tool: str = f"mainstay {__version__}"
    pid: int = field(default_factory=os.getpid)
    interruption: Interruption = field(default_factory=Interruption)
    on_event: Callable[[Row], None] = ignore_event
    on_figures: Callable[[StepNumber, str], None] = ignore_figures
    registry: Registry = AnyStep
    """The kinds of steps that this process can execute."""

    @classmethod
    def here(
        cls,
        clock: Clock,
        *,
        interruption: Interruption | None = None,
        on_event: Callable[[Row], None] = ignore_event,
        on_figures: Callable[[StepNumber, str], None] = ignore_figures,
    ) -> Self:
        """Return the runner for this process, this user and this host."""
        return cls(
            by=person(),
            host=socket.gethostname(),
            executor=Threads(clock),
            interruption=interruption or Interruption(),
            on_event=on_event,
            on_figures=on_figures,
        )
