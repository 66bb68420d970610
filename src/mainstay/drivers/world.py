"""The world: the drivers, folders and clock of one environment, which commands and steps use, in one frozen value."""

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
    """What a command uses of one environment: its drivers, folders and clock. The steps of a run use a `RunWorld`."""

    environment: Environment
    folders: Folders
    target: Target
    datastores: Mapping[str, Datastore]
    sealed: Sealed
    clock: Clock
    shell: Shell
    waiter: Waiter

    def for_run(self, fence: int, waiter: Waiter) -> "RunWorld":
        """Return the world of the run with *fence*, a number that grows with each run; its steps wait with *waiter*."""
        same = {each.name: getattr(self, each.name) for each in fields(World)}
        return RunWorld(**same | {"target": self.target.for_run(fence), "waiter": waiter})


@dataclass(frozen=True, slots=True)
class RunWorld(World):
    """The world of a run.

    Every request to its target contains the run's fence, so that the target refuses it once a newer run has begun.
    """

    target: RunTarget
    progress: Callable[[str], None] = field(default=ignore_progress)
    """Callback for progress messages of the current step, which are recorded in the journal."""
    show: Callable[[str], None] = field(default=ignore_progress)
    """Callback for the current figures of the step, which only a live view shows. May be called several times a second.
    """

    def with_progress(self, progress: Callable[[str], None], show: Callable[[str], None] = ignore_progress) -> Self:
        """Return a copy of this world that passes progress messages to *progress*, and current figures to *show*."""
        return replace(self, progress=progress, show=show)
