"""Asyncio tasks that the supervisor runs beside reconciliation. An exception in one of them ends the supervisor."""

import asyncio
from collections.abc import Callable, Coroutine


class BackgroundTasks:
    """The supervisor's background tasks by name. Calls *wake* when a task fails; `raise_failure` then raises."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None

    def add(self, name: str, watch: Coroutine[object, object, None]) -> None:
        """Run *watch* as a background task under *name*."""
        task = asyncio.create_task(watch, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._over)

    def has(self, name: str) -> bool:
        """Return whether a task runs under *name*."""
        return any(task.get_name() == name for task in self._tasks)

    def cancel(self, name: str) -> None:
        """Cancel the tasks that run under *name*, but not the task that makes this call."""
        for task in self._tasks - {asyncio.current_task()}:
            if task.get_name() == name:
                task.cancel()

    def raise_failure(self) -> None:
        """Raise the exception of the task that has failed; do nothing if no task has failed."""
        if self._failure is not None:
            raise self._failure

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failure = failure
            self._wake()
