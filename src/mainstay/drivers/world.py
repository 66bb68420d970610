"""The world: all drivers and services that a step's do, look and undo may use, in one frozen value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from mainstay.drivers.datastores.datastore import Datastore
from mainstay.drivers.secrets.sealed_file import Sealed
from mainstay.drivers.targets.target import Target
from mainstay.model import Environment
from mainstay.system.clock import Clock, Waiter
from mainstay.system.command import Shell
from mainstay.system.state_dir import Folders


def ignore_progress(what: str) -> None:
    """Discard the progress message."""


@dataclass(frozen=True, slots=True)
class World:
    """The drivers of one environment, and the fence, the waiter and the progress callback of the current run."""

    environment: Environment
    folders: Folders
    target: Target
    datastores: Mapping[str, Datastore]
    sealed: Sealed
    clock: Clock
    shell: Shell
    waiter: Waiter
    fence: int = 0
    progress: Callable[[str], None] = field(default=ignore_progress)
    """Callback for progress messages of the current step."""

    def for_run(self, fence: int, waiter: Waiter) -> Self:
        """Return a copy of this world with *fence* and *patience* of a run."""
        return replace(self, fence=fence, waiter=waiter)

    def with_progress(self, progress: Callable[[str], None]) -> Self:
        """Return a copy of this world that passes progress messages to *tell*."""
        return replace(self, progress=progress)
