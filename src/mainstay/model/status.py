"""The observed state of a target: instances, fleet and traffic as desired and actual, and notes for the operator."""

from typing import Literal, NamedTuple

import msgspec

from mainstay.model.edge import Edge
from mainstay.model.fleet import Fleet, ReleaseNumber, Traffic
from mainstay.model.maintenance import Maintenance
from mainstay.model.tls import ServedCertificate


class Note(msgspec.Struct, frozen=True):
    """Something that an operator should know: what it is, and what to type or do next."""

    code: str
    """Stable, like `port-taken`: scripts may compare it."""
    what: str
    remedy: str = ""
    about: str = ""
    """The service or instance that it is about; empty: the environment."""
    level: Literal["problem", "note"] = "problem"
    """problem: the environment is degraded · note: it is not."""


class Exit(msgspec.Struct, frozen=True):
    """How an instance last ended: at most one of `code` and `signal`, and the reason if known."""

    at: str
    code: int | None = None
    signal: str | None = None
    """The name of the signal, such as `SIGKILL`."""
    reason: str = ""

    @property
    def how(self) -> str:
        """`exit code 3`, `SIGKILL (out of memory, limit 128 MiB)`; the reason alone if there is no code or signal."""
        known = self.signal or ("" if self.code is None else f"exit code {self.code}")
        return f"{known} ({self.reason})" if known and self.reason else known or self.reason or "unknown exit code"


InstanceState = Literal["starting", "ready", "unready", "draining", "stopped", "failed"]


class StateRow(NamedTuple):
    """A row of the table of instance states: what a state means, and which states may follow it."""

    means: str
    then: tuple[InstanceState, ...]


INSTANCE_STATES: dict[InstanceState, StateRow] = {
    "starting": StateRow(
        "it starts, or waits for its next start, and has not been ready for `steady` since",
        ("ready", "draining", "stopped", "failed"),
    ),
    "ready": StateRow(
        "its readiness probe succeeds, so it receives its share of the requests",
        ("starting", "unready", "draining", "stopped", "failed"),
    ),
    "unready": StateRow(
        "it runs and was ready, but its readiness probe fails, so other instances receive its requests",
        ("starting", "ready", "draining", "stopped", "failed"),
    ),
    "draining": StateRow("it finishes its requests and receives no new ones, then it is stopped", ("stopped",)),
    "stopped": StateRow("it does not run and is not to run: it was stopped, or its task is done", ("starting",)),
    "failed": StateRow(
        "it does not run and is not restarted, until its service is deployed or the environment started again",
        ("starting", "stopped"),
    ),
}
"""Every state of an instance. The driver of each target reports these states, and the reference documents them."""


class Instance(msgspec.Struct, frozen=True):
    """One replica as it is now."""

    id: str
    service: str
    release: ReleaseNumber
    """The release that introduced its revision."""
    state: InstanceState
    since: str
    """When it entered its state."""
    pid: int | None = None
    address: str | None = None
    """`HOST:PORT` at which it accepts connections; None: it has no port."""
    restarts: int = 0
    """The number of times that its process was started again."""
    early_exits: int = 0
    """The number of times in a row that it ended before it had been ready for the time `steady` of its service."""
    done: bool = False
    """Whether it is a task that exited with code 0; its state is `stopped`."""
    memory_bytes: int | None = None
    last_exit: Exit | None = None
    tail: tuple[str, ...] = ()
    """Its last lines of output, while it starts and after it has ended."""
    reasons: tuple[str, ...] = ()
    """Why it is not ready, or what is wrong with it although it is ready: a failed probe, a wrong address."""

    @property
    def healthy(self) -> bool:
        """Whether it is ready, or a task that is done."""
        return self.state == "ready" or self.done


class Endings(msgspec.Struct, frozen=True):
    """Counts over the ended instances of a revision: requests cut short, instances killed, and files kept."""

    requests: int = 0
    """Requests that were still in flight when the drain of their instance timed out."""
    instances: int = 0
    """Instances that were killed because they had not ended `stop_grace_s` after their stop signal."""
    files: int = 0
    """Files that instances had written into their private copies; the target keeps them in `kept_in`."""


class FleetStatus(msgspec.Struct, frozen=True):
    """The desired fleet and the actual instances of an environment, and whether the environment is started."""

    wanted: Fleet
    instances: tuple[Instance, ...]
    started: bool
    """Whether the environment is started; False: it is stopped, and stays so after a reboot."""
    supervised: bool = True
    """Whether a supervisor restarts instances that end; False: none runs, and a note reports this."""
    notes: tuple[Note, ...] = ()
    """What an operator should know about the target and its instances."""
    endings: dict[str, Endings] = {}
    """Per revision (`web@41`), how its instances ended so far; compare two statuses for what happened between them."""
    kept_in: str = ""
    """Path of the folder in which the target keeps written files of ended instances, in one folder per service."""


class TrafficStatus(msgspec.Struct, frozen=True):
    """The desired and actual traffic, and the state of the edge."""

    wanted: Traffic
    """The traffic after all requested shifts, including those that still wait for a drain."""
    actual: Traffic
    """The traffic that is in effect now; equals `wanted` once all shifts are applied."""
    preview: dict[str, int] = {}
    """Per service, the requested release behind the preview door."""
    previewed: dict[str, int] = {}
    """Per service, the release behind the preview door now; equals `preview` once each release has a ready instance."""
    maintenance: Maintenance | None = None
    """The maintenance that was requested; None: none."""
    maintained: Maintenance | None = None
    """The maintenance that is in effect now; None: none."""
    edge: Edge | None = None
    certificates: tuple[ServedCertificate, ...] = ()
    """The certificates of the front door, the default one first; empty without https."""
    url: str = ""
    """The address of the main front door; empty: there is none."""
    doors: tuple[str, ...] = ()
    """The addresses of all front doors."""
    listeners: dict[str, str] = {}
    """Per service or datastore, its permanent internal address `HOST:PORT`."""
    pending: int = 0
    """The number of traffic shifts that wait until the callers of an earlier one are drained."""
    in_flight: dict[str, int] = {}
    """Per revision (`web@41`) that drains before the next shift, its requests in flight at the last count."""
    undrained: dict[str, int] = {}
    """Per revision, the requests that were still in flight when their drain timed out and the next shift went ahead."""
    reverts_to: Traffic | None = None
    """The traffic to which the target reverts if the run's heartbeats stop; None: no run has a lease on traffic."""
    reverted: bool = False
    """Whether the target has reverted the last requested traffic, because the run stopped sending heartbeats."""
    open: bool = False
    """Whether the edge serves as desired; False while it is being started or changed."""
    problem: Note | None = None
    """Why the edge does not serve as desired; None: nothing is wrong."""

    @property
    def public_url(self) -> str:
        """The address to open: `url`, with a host of the routes if each route of the main front door names one.

        It is the first exact host, or the first wildcard if all hosts are wildcards.
        """
        edge, port = self.edge, self.url.rpartition(":")[2]
        routes = edge.routes if edge else ()
        hosts = [route.host for route in routes if edge and route.listen in {0, edge.http}]
        if not self.url or not hosts or "" in hosts:
            return self.url
        host = min(hosts, key=lambda host: host.startswith("*"))
        return f"{self.url.partition('://')[0]}://{host}:{port}"
