"""Enforce memory and CPU limits by cgroups (v2, else v1).

Where the kernel cannot limit memory, the supervisor samples resident memory instead. There is no substitute for a CPU
limit: a nice value only makes a process yield to others.
"""

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from mainstay.system.state_dir import short_id

log = logging.getLogger(__name__)

_MOUNT = Path("/sys/fs/cgroup")
_PERIOD_US, _LEAST_US = 100_000, 1_000


class ResourceLimits:
    """Creates and removes the cgroups of the instances of an environment, which has the state folder *state*."""

    def __init__(self, state: Path) -> None:
        name = "mainstay-" + short_id(state)
        self._is_v2 = (_MOUNT / "cgroup.controllers").exists()
        self._memory = _made(self._place(name, "memory"), "+memory" if self._is_v2 else "")
        self._processors = self._place(name, "cpu")
        """Created only for instances with a CPU limit: the kernel would schedule all others in it as a single unit."""

    @property
    def enforces_memory(self) -> bool:
        """Whether the kernel enforces memory limits."""
        return self._memory is not None

    @property
    def enforces_cpu(self) -> bool:
        """Whether CPU limits can be enforced: this user can create a cgroup for them."""
        return self._processors is not None and os.access(self._processors.parent, os.W_OK)

    def groups(self, identity: str, memory_bytes: int | None, cpus: float | None) -> tuple[str, ...]:
        """Create the cgroups of the instance *identity*, if permitted; return the paths of their `cgroup.procs` files.

        A process joins the cgroups by writing its pid to each of the files. *memory_bytes* and *cpus* are the limits of
        all its processes together; None: no limit.
        """
        self.remove(identity)
        found = []
        if self._memory is not None:
            _make_readable(self._memory)
            place = _make_readable(self._memory / identity)
            if memory_bytes is not None:
                (place / ("memory.max" if self._is_v2 else "memory.limit_in_bytes")).write_text(str(memory_bytes))
            found.append(place)
        if cpus is not None and (base := _made(self._processors, "+cpu" if self._is_v2 else "")) is not None:
            place = _make_readable(base / identity)
            self._hold(place, max(_LEAST_US, round(cpus * _PERIOD_US)))
            found.append(place)
        return tuple(str(place / "cgroup.procs") for place in dict.fromkeys(found))

    def members(self, identity: str) -> tuple[int, ...]:
        """Return the pids of the processes that are in the cgroups of *identity* now."""
        found: set[int] = set()
        for base in self._bases():
            with contextlib.suppress(OSError):
                found |= {int(word) for word in (base / identity / "cgroup.procs").read_text().split()}
        return tuple(found)

    def ran_out(self, identity: str) -> bool:
        """Return whether the kernel's OOM killer has ended a process of *identity*."""
        if self._memory is None:
            return False
        for name in ("memory.events", "memory.oom_control"):
            with contextlib.suppress(OSError):
                lines = (self._memory / identity / name).read_text().splitlines()
                return any(line.startswith("oom_kill ") and line != "oom_kill 0" for line in lines)
        return False

    def remove(self, identity: str) -> None:
        """Remove the cgroups of *identity*; a cgroup that still has processes stays."""
        for base in self._bases():
            with contextlib.suppress(OSError):
                (base / identity).rmdir()

    def close(self) -> None:
        """Remove the environment's cgroups."""
        self.remove("")

    def _bases(self) -> Iterator[Path]:
        yield from dict.fromkeys(base for base in (self._memory, self._processors) if base is not None)

    def _place(self, name: str, kind: str) -> Path | None:
        """Return the path at which cgroups that limit *kind* would be created; None where that is not possible."""
        try:
            if self._is_v2:
                return _MOUNT / name if kind in (_MOUNT / "cgroup.controllers").read_text().split() else None
            lines = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
        except OSError:
            return None
        ours = next((path for _, kinds, path in lines if kind in kinds.split(",")), None)
        if ours is None:
            return None
        above = _MOUNT / kind / ours.lstrip("/")
        while above.name.startswith("mainstay-"):
            above = above.parent  # The process that started this one is itself in a Mainstay cgroup.
        return above / name

    def _hold(self, place: Path, quota_us: int) -> None:
        try:
            if self._is_v2:
                (place / "cpu.max").write_text(f"{quota_us} {_PERIOD_US}")
            else:
                (place / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
                (place / "cpu.cfs_quota_us").write_text(str(quota_us))
        except OSError as error:
            # The kernel refuses a quota above the limit of this process's own cgroup, which limits the instance anyway.
            log.warning("cannot limit %s to %g CPUs: %s", place.name, quota_us / _PERIOD_US, error)


def out_of_memory(memory_bytes: int) -> str:
    """Return the reason shown for an exceeded memory limit: `out of memory, limit 128 MiB`."""
    return f"out of memory, limit {memory_bytes / 2**20:g} MiB"


def _make_readable(place: Path) -> Path:
    """Create the cgroup *place*, readable by every user whatever the umask.

    A runtime reads its own limits there: a JVM that cannot read them sizes its heap by the memory of the machine.
    """
    place.mkdir(exist_ok=True)
    place.chmod(0o755)
    return place


def _made(base: Path | None, control: str) -> Path | None:
    """Create the cgroup *base* and enable the controller *control* in it; None without permission."""
    if base is None:
        return None
    try:
        _make_readable(base)
        if control:
            (base / "cgroup.subtree_control").write_text(control)
    except OSError:
        return None
    return base
