"""The world: all drivers and services that a step's do, look and undo may use, in one frozen value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Self

from mainstay.drivers.datastores.datastore import Datastore
from mainstay.drivers.secrets.sealed_file import Sealed
from mainstay.drivers.targets.target import RunTarget, Target
from mainstay.model import Environment
from mainstay.system.clock import Clock, Waiter
from mainstay.system.command import Shell
from mainstay.system.state_dir import Folders


def ignore_progress(what: str) -> None:
    """Discard the progress message."""


@dataclass(frozen=True, slots=True)
class World:
    """The drivers of one environment, as commands use them. A run, which changes the environment, has a `RunWorld`."""

    environment: Environment
    folders: Folders
    target: Target
    datastores: Mapping[str, Datastore]
    sealed: Sealed
    clock: Clock
    shell: Shell
    waiter: Waiter

    def for_run(self, fence: int, waiter: Waiter) -> "RunWorld":
        """Return the world of the run with *fence*, whose steps wait with *waiter*."""
        same = {each.name: getattr(self, each.name) for each in fields(World)}
        return RunWorld(**same | {"target": self.target.for_run(fence), "waiter": waiter})


@dataclass(frozen=True, slots=True)
class RunWorld(World):
    """The world of a run: every request to its target contains the fence of the run."""

    target: RunTarget
    progress: Callable[[str], None] = field(default=ignore_progress)
    """Callback for progress messages of the current step, which are recorded in the journal."""
    show: Callable[[str], None] = field(default=ignore_progress)
    """Callback for the current figures of the step, which only a live view shows. May be called several times a second.
    """

    def with_progress(self, progress: Callable[[str], None], show: Callable[[str], None] = ignore_progress) -> Self:
        """Return a copy of this world that passes progress messages to *progress*, and current figures to *show*."""
        return replace(self, progress=progress, show=show)
