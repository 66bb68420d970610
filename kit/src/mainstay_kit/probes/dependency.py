"""A dependency of the service, and the check whether it is up."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

Ask = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Dependency:
    """Up when `ask` returns anything but False within `within` seconds; down when it raises, returns False or is late.

    A result is cached for `keep` seconds, and concurrent probes share one check, so that probes do not become load.
    A dependency that is not `required` is shown but does not make the service unready.
    """

    name: str
    ask: Ask
    within: float = 1.0
    keep: float = 2.0
    required: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    name: str
    up: bool
    required: bool
    took_s: float
    at: float
    why: str = ""


@dataclass(slots=True)
class Dependencies:
    """All dependencies of the service, checked concurrently."""

    all: Sequence[Dependency]
    now: Callable[[], float] = time.monotonic
    _known: dict[str, Finding] = field(default_factory=dict)
    _asked: dict[str, asyncio.Task[Finding]] = field(default_factory=dict)

    async def look(self) -> list[Finding]:
        return list(await asyncio.gather(*(self._find(dependency) for dependency in self.all)))

    async def _find(self, dependency: Dependency) -> Finding:
        known = self._known.get(dependency.name)
        if known is not None and self.now() - known.at < dependency.keep:
            return known
        task = self._asked.get(dependency.name)
        if task is None:
            task = self._asked[dependency.name] = asyncio.create_task(self._ask(dependency))
            task.add_done_callback(lambda _done: self._asked.pop(dependency.name, None))
        return await asyncio.shield(task)  # a probe whose client disconnects must not cancel the check for the others

    async def _ask(self, dependency: Dependency) -> Finding:
        began = self.now()
        why = ""
        try:
            if await asyncio.wait_for(dependency.ask(), dependency.within) is False:
                why = "says no"
        except TimeoutError:
            why = f"no answer within {dependency.within:g} s"
        except Exception as error:  # noqa: BLE001 whatever a driver raises, the dependency is down
            why = type(error).__name__
        took = self.now() - began
        finding = Finding(dependency.name, not why, dependency.required, took, self.now(), why)
        self._known[dependency.name] = finding
        return finding
