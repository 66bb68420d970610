"""Memory limits by control group (v2, else v1); where neither can be had, the watchdog looks at resident memory."""

import contextlib
import hashlib
from pathlib import Path

_MOUNT = Path("/sys/fs/cgroup")


class Limits:
    """A control group for each instance of the environment whose state lies at *state*, where that is allowed."""

    def __init__(self, state: Path) -> None:
        name = "mainstay-" + hashlib.sha256(str(state).encode()).hexdigest()[:16]
        found: tuple[Path | None, str] = _v2(name) or _v1(name) or (None, "")
        self._base, self._limit = found

    @property
    def enforced(self) -> bool:
        """Whether the kernel holds the limits."""
        return self._base is not None

    def group(self, identity: str, memory_bytes: int | None) -> str:
        """The file that a process writes its number to, to be in the instance's group; empty: there is none."""
        if self._base is None:
            return ""
        self.remove(identity)
        place = self._base / identity
        place.mkdir(parents=True, exist_ok=True)
        if memory_bytes is not None:
            (place / self._limit).write_text(str(memory_bytes))
        return str(place / "cgroup.procs")

    def members(self, identity: str) -> tuple[int, ...]:
        """The processes in its group now."""
        with contextlib.suppress(OSError):
            if self._base is not None:
                return tuple(map(int, (self._base / identity / "cgroup.procs").read_text().split()))
        return ()

    def ran_out(self, identity: str) -> bool:
        """Whether the kernel ended something of it for lack of memory."""
        if self._base is None:
            return False
        for name in ("memory.events", "memory.oom_control"):
            with contextlib.suppress(OSError):
                lines = (self._base / identity / name).read_text().splitlines()
                return any(line.startswith("oom_kill ") and line != "oom_kill 0" for line in lines)
        return False

    def remove(self, identity: str) -> None:
        """Take its group away; stays while processes are left in it."""
        if self._base is not None:
            with contextlib.suppress(OSError):
                (self._base / identity).rmdir()

    def close(self) -> None:
        """Take the environment's group away."""
        self.remove("")


def in_words(memory_bytes: int) -> str:
    """`out of memory, limit 128 MiB`."""
    return f"out of memory, limit {memory_bytes / 2**20:g} MiB"


def _v2(name: str) -> tuple[Path, str] | None:
    try:
        if "memory" not in (_MOUNT / "cgroup.controllers").read_text().split():
            return None
        base = _MOUNT / name
        base.mkdir(exist_ok=True)
        (base / "cgroup.subtree_control").write_text("+memory")
    except OSError:
        return None
    return base, "memory.max"


def _v1(name: str) -> tuple[Path, str] | None:
    try:
        lines = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
        ours = next((path for _, kinds, path in lines if "memory" in kinds.split(",")), None)
        if ours is None:
            return None
        above = _MOUNT / "memory" / ours.lstrip("/")
        while above.name.startswith("mainstay-"):
            above = above.parent  # We were started by something that is in such a group itself.
        base = above / name
        base.mkdir(exist_ok=True)
    except OSError:
        return None
    return base, "memory.limit_in_bytes"
