"""The executor of a rank's steps: in parallel, in threads."""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import NamedTuple, Protocol

from mainstay.errors import StepFailed
from mainstay.history.events import StepNumber
from mainstay.system.clock import Clock
from mainstay.system.disk_space import FULL, words

Deed = Callable[[], str]


class Report(NamedTuple):
    """How a deed ended: with its evidence, or in trouble."""

    step: StepNumber
    evidence: str
    took_s: float
    trouble: BaseException | None = None


class Crew(Protocol):
    """Does deeds, at most `room` at a time, and reports each."""

    @property
    def room(self) -> int: ...

    def send(self, step: StepNumber, deed: Deed) -> None:
        """Let *deed* begin."""
        ...

    def wait(self) -> Report:
        """The next that has ended. Asked only while something was sent and not reported."""
        ...


class Threads:
    """Side by side. The threads do not keep the process alive: a second interruption leaves them behind."""

    def __init__(self, clock: Clock, room: int = 8) -> None:
        self.room = room
        self._clock = clock
        self._ended: SimpleQueue[Report] = SimpleQueue()

    def send(self, step: StepNumber, deed: Deed) -> None:
        threading.Thread(
            target=lambda: self._ended.put(report(step, deed, self._clock)), name=f"step {step}", daemon=True
        ).start()

    def wait(self) -> Report:
        return self._ended.get()


def report(step: StepNumber, deed: Deed, clock: Clock) -> Report:
    """Execute *deed* and return how it ended. A full disk is an expected failure, which the engine undoes."""
    began = clock.monotonic()
    try:
        return Report(step, deed(), clock.monotonic() - began)
    except OSError as trouble:
        failure: Exception = trouble
        if trouble.errno in FULL:
            failure = StepFailed(words(trouble), remedy="make room (df -h)")
        return Report(step, "", clock.monotonic() - began, failure)
    except BaseException as trouble:  # noqa: BLE001 - carried to the thread that decides, and raised there
        return Report(step, "", clock.monotonic() - began, trouble)
