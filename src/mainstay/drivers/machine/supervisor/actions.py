"""Execute the actions that a pass of the supervisor has decided: start, stop, kill and forget instances."""

import logging
from collections.abc import Callable, Iterable

from mainstay.drivers.machine.instances.instances import Instances
from mainstay.drivers.machine.state import transitions
from mainstay.drivers.machine.state.addresses import reassign
from mainstay.drivers.machine.state.decide import Action
from mainstay.drivers.machine.supervisor.desired_state import DesiredState
from mainstay.system.ports import is_free
from mainstay.system.state_dir import Folders

log = logging.getLogger(__name__)


class Actions:
    """Executes actions on *instances*, and stores what they change in *state*. Calls *wake* after each action."""

    def __init__(self, instances: Instances, state: DesiredState, folders: Folders, wake: Callable[[], None]) -> None:
        self._instances = instances
        self._state = state
        self._folders = folders
        self._wake = wake

    def execute(self, actions: Iterable[Action]) -> None:
        """Execute *actions*, except those for instances that the desired state no longer contains.

        An action that fails is logged and repeated in a later pass: a full disk must not prevent the other actions.
        """
        for action in actions:
            if action.name not in self._state.desired.instances:
                continue
            try:
                with self._state.rejecting():
                    self._execute(action)
            except OSError as error:
                log.error("%s: %s failed, it is tried again: %s", action.name, action.verb, error)

    def _execute(self, action: Action) -> None:
        name = action.name
        match action.verb:
            case "start":
                self._reassign_taken_port(name)
                self._instances.start(name, self._state.desired)
            case "stop":
                self._instances.stop(name, self._state.desired)
            case "kill":
                self._instances.kill(name)
            case "forget":
                kept_files = self._instances.forget(name, self._state.desired)
                self._state.keep(transitions.without_instance(self._state.desired, name, kept_files))
        self._wake()

    def _reassign_taken_port(self, name: str) -> None:
        one = self._state.desired.instances[name]
        if one.slot is not None and one.port is not None and not is_free(one.port):
            log.warning("port %d of %s is taken by another program", one.port, name)
            self._state.keep(reassign(self._state.desired, name, self._folders.state))
