"""The world: everything a step or a look may touch, in one frozen value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from mainstay.drivers.datastores.datastore import Datastore
from mainstay.drivers.secrets.sealed_file import Sealed
from mainstay.drivers.targets.target import Target
from mainstay.model import Environment
from mainstay.system.clock import Clock, Patience
from mainstay.system.command import Shell
from mainstay.system.state_dir import Folders


def silent(what: str) -> None:
    """Tells nobody."""


@dataclass(frozen=True, slots=True)
class World:
    """The families of one environment, and what a run brings: its fence, its patience, its ear."""

    environment: Environment
    folders: Folders
    target: Target
    datastores: Mapping[str, Datastore]
    sealed: Sealed
    clock: Clock
    shell: Shell
    patience: Patience
    fence: int = 0
    tell: Callable[[str], None] = field(default=silent)
    """Progress of the step that acts."""

    def claimed(self, fence: int, patience: Patience) -> Self:
        """This world as a run with *fence* sees it."""
        return replace(self, fence=fence, patience=patience)

    def telling(self, tell: Callable[[str], None]) -> Self:
        """This world with progress told to *tell*."""
        return replace(self, tell=tell)
