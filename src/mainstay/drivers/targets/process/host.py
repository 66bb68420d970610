"""What the process target uses of the machine on which an environment runs."""

from dataclasses import dataclass

from mainstay.drivers.secrets.sealed_file import Sealed
from mainstay.model import Environment
from mainstay.system.clock import Clock
from mainstay.system.command import Shell
from mainstay.system.state_dir import Folders


@dataclass(frozen=True, slots=True)
class Host:
    """An environment, its folders on this machine, and the shell, the store of secrets and the clock to use there."""

    environment: Environment
    folders: Folders
    shell: Shell
    sealed: Sealed
    clock: Clock
