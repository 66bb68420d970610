"""The observed state of a target: instances, the desired and actual fleet, the desired and actual traffic."""

from typing import Literal

import msgspec

from mainstay.model.edge import Edge
from mainstay.model.fleet import Fleet, ReleaseNumber, Traffic


class Exit(msgspec.Struct, frozen=True):
    """How a process last ended: at most one of `code` and `signal`, and the reason if known."""

    at: str
    code: int | None = None
    signal: str | None = None
    reason: str = ""

    @property
    def how(self) -> str:
        """`exit code 3`, `SIGKILL (out of memory, limit 128 MiB)`; the reason alone if there is no code or signal."""
        known = self.signal or ("" if self.code is None else f"exit code {self.code}")
        return f"{known} ({self.reason})" if known and self.reason else known or self.reason or "unknown exit code"


class Instance(msgspec.Struct, frozen=True):
    """One replica as it is now."""

    id: str
    service: str
    release: ReleaseNumber
    state: Literal["starting", "ready", "unready", "draining", "stopped", "failed"]
    since: str
    pid: int | None = None
    address: str | None = None
    restarts: int = 0
    early_exits: int = 0
    """The number of consecutive times that its process ended before it had been ready for `steady`."""
    done: bool = False
    """A task that exited with code 0; its state is `stopped`."""
    memory_bytes: int | None = None
    last_exit: Exit | None = None
    tail: tuple[str, ...] = ()
    """Its last lines of output, while it starts and after it has ended."""
    listens_elsewhere: str = ""
    """The addresses on which it listens, if they are not the one assigned to it; empty otherwise."""
    probe: str = ""
    """Request and response of the last readiness probe if it failed: `GET http://127.0.0.1:25430/health → 404`."""

    @property
    def misplaced(self) -> str:
        """A sentence on where it listens and where it should; empty if it listens on its assigned address."""
        if not self.listens_elsewhere:
            return ""
        host, _, port = (self.address or "").rpartition(":")
        if any(place.endswith(f":{port}") for place in self.listens_elsewhere.split(", ")):
            return f"listens on {self.listens_elsewhere}, which other machines may reach: let it listen on HOST, {host}"
        return f"listens on {self.listens_elsewhere}, but PORT is {port}"

    @property
    def healthy(self) -> bool:
        """Whether it is ready, or a task that is done."""
        return self.state == "ready" or self.done


class FleetStatus(msgspec.Struct, frozen=True):
    """The desired fleet and the actual instances."""

    wanted: Fleet
    instances: tuple[Instance, ...]
    started: bool
    answers: bool = True
    """False: the supervisor is not running; this was read from files and from /proc."""
    guarded_by: str = ""
    processors_held: bool = True
    """False: CPU limits cannot be enforced on this machine, so they are ignored."""
    cut: dict[str, int] = {}
    """Per revision (`web@41`), the number of connections still open when their drain ended."""
    killed: dict[str, int] = {}
    """Per revision, the number of instances that ignored their stop signal and were killed with SIGKILL."""


class TrafficStatus(msgspec.Struct, frozen=True):
    """The desired and actual traffic, and the state of the edge."""

    wanted: Traffic
    """The traffic after all requested shifts, including those that still wait for a drain."""
    actual: Traffic
    """The traffic according to the slots that take requests now; equals `wanted` once all shifts are applied."""
    edge: Edge | None = None
    url: str = ""
    doors: tuple[str, ...] = ()
    listeners: dict[str, str] = {}
    """Per service or datastore, its permanent internal address `127.0.0.1:PORT`."""
    pending: int = 0
    """The number of traffic shifts that wait until the callers of an earlier one are drained."""
    in_flight: dict[str, int] = {}
    """Per revision (`web@41`) that drains before the next shift, its requests in flight at the last count."""
    undrained: dict[str, int] = {}
    """Per revision, the requests that were still in flight when their drain timed out and the next shift went ahead."""
    reverts_to: Traffic | None = None
    """While a run has a lease on traffic: the traffic to revert to if its heartbeats stop."""
    reverted: bool = False
    """Traffic was reverted automatically because the run stopped sending heartbeats."""
    open: bool = False
    """The edge serves as desired; False while it is being started or changed."""
    trouble: str = ""
    """A sentence on why the edge does not serve as desired; empty if there is no problem."""
    trouble_code: str = ""
    """The problem's stable code, like `port-taken`."""
    trouble_remedy: str = ""
    """The remedy for the problem."""
