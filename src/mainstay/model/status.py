"""What is seen of a target: instances, what runs, who serves."""

from typing import Literal

import msgspec

from mainstay.model.edge import Edge
from mainstay.model.fleet import Fleet, ReleaseNumber, Traffic


class Exit(msgspec.Struct, frozen=True):
    """How a process last ended: at most one of `code` and `signal`, and the reason where it is known."""

    at: str
    code: int | None = None
    signal: str | None = None
    reason: str = ""

    @property
    def how(self) -> str:
        """`exit code 3`, `SIGKILL (out of memory, limit 128 MiB)`; the reason alone without code and signal."""
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
    """How often in a row its process ended before it was ready for `steady`."""
    done: bool = False
    """A task that exited with code 0; its state is `stopped`."""
    memory_bytes: int | None = None
    last_exit: Exit | None = None
    tail: tuple[str, ...] = ()
    """Its last lines, while it starts and after it has ended."""
    listens_elsewhere: str = ""
    """Where it was found to listen although it was told another address."""
    probe: str = ""
    """Request and response of the last readiness probe, where it failed: `GET http://127.0.0.1:25430/health → 404`."""

    @property
    def misplaced(self) -> str:
        """Where it listens and where it should; empty when it listens where it was told to."""
        if not self.listens_elsewhere:
            return ""
        host, _, port = (self.address or "").rpartition(":")
        if any(place.endswith(f":{port}") for place in self.listens_elsewhere.split(", ")):
            return f"listens on {self.listens_elsewhere}, which other machines may reach: let it listen on HOST, {host}"
        return f"listens on {self.listens_elsewhere}, but PORT is {port}"

    @property
    def healthy(self) -> bool:
        """Whether it is as it should be: ready, or a task that is done."""
        return self.state == "ready" or self.done


class Running(msgspec.Struct, frozen=True):
    """What is to run and what runs."""

    wanted: Fleet
    instances: tuple[Instance, ...]
    awake: bool
    answers: bool = True
    """False: nobody guards it now; this was read from files and from the machine."""
    guarded_by: str = ""
    processors_held: bool = True
    """False: limits of processors are without effect, the machine lets us set none."""
    cut: dict[str, int] = {}
    """Per revision (`web@41`), how many connections were still open when their drain ended."""
    killed: dict[str, int] = {}
    """Per revision, how many instances ignored their stop signal and were killed with SIGKILL."""


class Serving(msgspec.Struct, frozen=True):
    """Who is to be served by whom, and who really is."""

    wanted: Traffic
    """After all shifts that were requested, also those that still wait for a drain."""
    actual: Traffic
    """By the slots that take requests now; equal to `wanted` when it has come about."""
    edge: Edge | None = None
    url: str = ""
    doors: tuple[str, ...] = ()
    listeners: dict[str, str] = {}
    """Per service or datastore, its kept internal address `127.0.0.1:PORT`."""
    pending: int = 0
    """How many shifts of traffic wait until the callers of an earlier one are drained."""
    in_flight: dict[str, int] = {}
    """Per revision (`web@41`) that is drained for the next shift, its requests in flight as they were counted last."""
    undrained: dict[str, int] = {}
    """Per revision, its requests that outlasted their drain, so that the next shift did not wait for them."""
    returns_to: Traffic | None = None
    """Set while traffic goes back by itself unless renewed."""
    returned: bool = False
    """Traffic went back by itself, because the run that watched was not heard."""
    open: bool = False
    """The edge serves as desired; False while it is being started or changed."""
    trouble: str = ""
    """Why the edge does not serve as desired, as a sentence; empty when there is no problem."""
    trouble_code: str = ""
    """The problem's stable code, as `port-taken`."""
    trouble_remedy: str = ""
    """What to do about it."""
