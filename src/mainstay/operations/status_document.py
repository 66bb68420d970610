"""The document of `mainstay status`."""

from typing import Literal

import msgspec

from mainstay.history.summary import LiveRelease
from mainstay.model import Instance, Note
from mainstay.model.tls import ServedCertificate
from mainstay.operations.request_rates import RequestRates

RunState = Literal["running", "interrupted", "parked"]


class RunStatus(msgspec.Struct, frozen=True):
    """The unfinished run."""

    id: str
    kind: str
    """`deploy`, `rollback` or `down`."""
    state: RunState
    """running: a process executes it · interrupted: no process does · parked: it waits for a person's decision."""
    step: str | None
    """The number of the step that executes, or executed when the run stopped: `2.1`; None: the run is between steps."""
    title: str
    """What the step does; empty between steps."""
    since: str
    """The time of the run's last event, apart from `progress` events."""
    why: str = ""
    """Why the run is parked; empty if it is not parked."""
    next: str = ""
    """What to type to continue the run; empty while it is running."""
    progress: str = ""
    """The last progress message of the step; empty if there is none, or the run is not running."""


class ServiceStatus(msgspec.Struct, frozen=True):
    """The state of a service. A finished task counts as ready."""

    name: str
    desired: int
    """The desired number of instances, of all revisions."""
    ready: int
    """The number of ready instances, of all revisions."""
    traffic: dict[int, float]
    """The percentage of requests that each revision receives now, by the number of the release that introduced it."""
    instances: tuple[Instance, ...]
    shortfall: int
    """Desired instances that are not ready, without those that an unfinished run has just started."""
    traffic_desired: dict[int, float] = {}
    """The percentage of requests that each revision should receive."""


class DatastoreStatus(msgspec.Struct, frozen=True):
    """The state of a datastore."""

    name: str
    kind: str
    state: str
    """The state of the datastore's instance; `stopped` when there is none."""
    version: str
    """The version of the release that introduced the datastore's revision; empty if no instance is desired."""
    schema: str
    """The revision of the schema in the datastore; empty if there is no schema, or it cannot be read now."""


Health = Literal["healthy", "degraded", "stopped"]


class Status(msgspec.Struct, frozen=True):
    """The document of `mainstay status`."""

    system: str
    environment: str
    target: str
    """The kind of the target, such as `process`."""
    url: str
    """The address of the main front door on this machine; empty: there is none."""
    state: str
    """Path of the folder with the state of the environment."""
    release: LiveRelease | None
    """The live release; null before the first one."""
    run: RunStatus | None
    """The unfinished run; null when every run has ended."""
    services: tuple[ServiceStatus, ...]
    datastores: tuple[DatastoreStatus, ...]
    started: bool
    """Whether instances should run; false: the environment was stopped."""
    supervised: bool
    """Whether the supervisor runs, which restarts crashed instances; if not, `mainstay start` starts it."""
    reverted: bool
    """Whether traffic was reverted automatically, because the deploy stopped sending heartbeats."""
    public_url: str = ""
    """The address to open: `url`, with a host of the routes if each route of the main front door names one."""
    edge_open: bool = False
    """Whether the edge serves as desired."""
    edge_problem: str = ""
    """The stable code of the problem that prevents the edge from serving; empty if none is known."""
    certificates: tuple[ServedCertificate, ...] = ()
    """The certificates of the front door; empty without https. The first is for clients that name no host, or one that
    no certificate has."""
    health: Health = "degraded"
    problems: tuple[Note, ...] = ()
    """Why the environment is degraded, the most severe first; empty while it is healthy or stopped."""
    requests: tuple[RequestRates, ...] = ()
    """Rates, errors and response times of the requests in the last minute."""
    requests_not_counted: int = 0
    """The number of requests in the last minute that are missing from `requests`, because their log lines were lost."""
    notes: tuple[Note, ...] = ()
    """What else an operator should know, for example instances that ended or limits without effect."""
