"""The desired state as the supervisor keeps it: on disk before the supervisor acts on it, and always valid."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from mainstay.drivers.machine.state.desired import Desired
from mainstay.drivers.machine.state.store import read_desired, write_desired
from mainstay.errors import InvariantBroken
from mainstay.system import processes

log = logging.getLogger(__name__)


class DesiredState:
    """`desired` is the last valid desired state."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.boot = processes.boot_id()
        self.desired = self._with_restarted_lease(read_desired(path))
        self.rejected = ""
        """Why the last pass could not change the desired state; empty when it could."""
        self._rejected_now = ""

    def keep(self, desired: Desired) -> None:
        """Persist *desired* if it has changed, and make it the desired state. Raises InvariantBroken."""
        if desired != self.desired:
            write_desired(self._path, desired)
            self.desired = desired

    def keep_if_valid(self, desired: Desired) -> None:
        """Persist *desired* like `keep`; if it breaks an invariant, keep the last valid desired state instead."""
        with self.rejecting():
            self.keep(desired)

    @contextmanager
    def rejecting(self) -> Iterator[None]:
        """Report a broken invariant instead of raising it: if the supervisor ended, no instance would be restarted."""
        try:
            yield
        except InvariantBroken as error:
            if error.what != self.rejected:
                log.error("the last valid desired state is kept: %s", error)
            self._rejected_now = error.what

    @contextmanager
    def observed_pass(self) -> Iterator[None]:
        """Set `rejected` at the end of a pass of the supervisor."""
        self._rejected_now = ""
        try:
            yield
        finally:
            self.rejected = self._rejected_now

    def is_stopped(self) -> bool:
        """Return whether the environment must not run and has no instance any more."""
        return not self.desired.started and not self.desired.instances

    def revision_of(self, name: str) -> str:
        """Return the revision of the instance *name*, such as `web@41`."""
        return str(self.desired.instances[name].revision)

    def _with_restarted_lease(self, desired: Desired) -> Desired:
        """Restart the time limit of the lease in the same boot: heartbeats are not written to disk."""
        lease = desired.lease
        if lease is None or lease.boot != self.boot:
            return desired
        return replace(desired, lease=replace(lease, since_s=processes.boottime()))
