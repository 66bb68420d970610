"""The dependencies of a service, and the checks of whether they are up."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

Check = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Dependency:
    """A dependency. It is up when `check` returns anything but False within `timeout` seconds, otherwise down.

    A result is cached for `cache_seconds`, and concurrent probes share one check, so that probes do not become load.
    Probes show a dependency that is not `required`, but it does not make the service unready.
    """

    name: str
    check: Check
    timeout: float = 1.0
    cache_seconds: float = 2.0
    required: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check of a dependency."""

    name: str
    up: bool
    required: bool
    took_s: float
    at: float
    """Seconds of the monotonic clock at which the check ended."""
    reason: str = ""
    """Why the dependency is down; empty when it is up."""


@dataclass(slots=True)
class Dependencies:
    """All dependencies of the service, checked concurrently."""

    dependencies: Sequence[Dependency]
    now: Callable[[], float] = time.monotonic
    _findings: dict[str, Finding] = field(default_factory=dict)
    _running: dict[str, asyncio.Task[Finding]] = field(default_factory=dict)

    async def check_all(self) -> list[Finding]:
        return list(await asyncio.gather(*(self._finding_of(dependency) for dependency in self.dependencies)))

    async def _finding_of(self, dependency: Dependency) -> Finding:
        cached = self._findings.get(dependency.name)
        if cached is not None and self.now() - cached.at < dependency.cache_seconds:
            return cached
        task = self._running.get(dependency.name)
        if task is None:
            task = self._running[dependency.name] = asyncio.create_task(self._check(dependency))
            task.add_done_callback(lambda _done: self._running.pop(dependency.name, None))
        return await asyncio.shield(task)  # a probe whose client disconnects must not cancel the check for the others

    async def _check(self, dependency: Dependency) -> Finding:
        began = self.now()
        reason = ""
        try:
            if await asyncio.wait_for(dependency.check(), dependency.timeout) is False:
                reason = "returned False"
        except TimeoutError:
            reason = f"no response within {dependency.timeout:g} s"
        except Exception as error:  # noqa: BLE001 whatever a driver raises, the dependency is down
            reason = type(error).__name__
        took = self.now() - began
        finding = Finding(dependency.name, not reason, dependency.required, took, self.now(), reason)
        self._findings[dependency.name] = finding
        return finding
