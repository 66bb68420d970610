"""The supervisor's copy of the desired state: it is valid, and on disk before the supervisor acts on it."""

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
    """The desired state of one environment: `desired` is its last valid value, which is also in the file *path*.

    Only heartbeats of a lease are not written to the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.boot = processes.boot_id()
        self.desired = self._with_restarted_lease(read_desired(path))
        self.rejected = ""
        """Which invariant a change would have broken that the last pass rejected; empty: it rejected none."""
        self._rejected_now = ""

    def keep(self, desired: Desired) -> None:
        """Persist *desired* if it has changed, and make it the desired state.

        Raises InvariantBroken when it breaks an invariant, and OSError when it cannot be written; both change nothing.
        """
        if desired != self.desired:
            write_desired(self._path, desired)
            self.desired = desired

    def keep_if_valid(self, desired: Desired) -> None:
        """Persist *desired* like `keep`; if it breaks an invariant, keep the last valid desired state instead."""
        with self.rejecting():
            self.keep(desired)

    @contextmanager
    def rejecting(self) -> Iterator[None]:
        """Log InvariantBroken instead of raising it: without the supervisor, no instance would be restarted."""
        try:
            yield
        except InvariantBroken as error:
            if error.what != self.rejected:
                log.error("the last valid desired state is kept: %s", error)
            self._rejected_now = error.what

    @contextmanager
    def observed_pass(self) -> Iterator[None]:
        """Context of one pass of the supervisor: at its end, set `rejected` to the result of this pass."""
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
        """Return *desired* with the time limit of its lease restarted, unless the lease is from an earlier boot.

        The file does not contain the last heartbeats, so the lease may seem to have expired.
        """
        lease = desired.lease
        if lease is None or lease.boot != self.boot:
            return desired
        return replace(desired, lease=replace(lease, since_s=processes.boottime()))
