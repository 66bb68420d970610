"""Things waited for beside the reconciling; a bug in one is not lost: it ends the supervisor, and that is safe."""

import asyncio
from collections.abc import Callable, Coroutine


class Watches:
    """Tasks by the name of what they watch. `wake` is called when one has failed."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._tasks: dict[str, set[asyncio.Task[None]]] = {}
        self._failure: BaseException | None = None

    def add(self, name: str, watch: Coroutine[object, object, None]) -> None:
        """Watch in the background."""
        task = asyncio.create_task(watch)
        self._tasks.setdefault(name, set()).add(task)
        task.add_done_callback(lambda done: self._over(name, done))

    def has(self, name: str) -> bool:
        """Whether something of that name is watched."""
        return bool(self._tasks.get(name))

    def cancel(self, name: str) -> None:
        """Watch it no longer; the one that asks goes on to its own end."""
        for task in self._tasks.get(name, set()) - {asyncio.current_task()}:
            task.cancel()

    def raise_failure(self) -> None:
        """Raises what a watch has failed with, if one has."""
        if self._failure is not None:
            raise self._failure

    def _over(self, name: str, task: asyncio.Task[None]) -> None:
        left = self._tasks[name] - {task}
        if left:
            self._tasks[name] = left
        else:
            del self._tasks[name]
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failure = failure
            self._wake()
