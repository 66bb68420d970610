"""The host of an environment, as the process target uses it."""

from dataclasses import dataclass

from mainstay.drivers.secrets.sealed_file import Sealed
from mainstay.model import Environment
from mainstay.system.clock import Clock
from mainstay.system.command import Shell
from mainstay.system.state_dir import Folders


@dataclass(frozen=True, slots=True)
class Host:
    """The environment's folders on this machine, and the means to run commands and to keep secrets there."""

    environment: Environment
    folders: Folders
    shell: Shell
    sealed: Sealed
    clock: Clock
