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
    """What the step does."""
    since: str
    """The time of its last event, apart from `progress` events."""
    why: str = ""
    """Why it is parked; empty: it is not."""
    next: str = ""
    """What to type; empty while it is running."""
    progress: str = ""
    """The last report of the step; empty: there is none, or the run is not running."""


class ServiceStatus(msgspec.Struct, frozen=True):
    """The state of a service. A finished task counts as ready."""

    name: str
    desired: int
    """The desired number of instances, of all revisions."""
    ready: int
    """The number of ready instances, of all revisions."""
    traffic: dict[int, float]
    """The percentage of requests that each release actually receives."""
    instances: tuple[Instance, ...]
    shortfall: int
    """Desired instances that are not ready, without those that an unfinished run has just started."""
    traffic_desired: dict[int, float] = {}
    """The percentage of requests that each release should receive."""


class DatastoreStatus(msgspec.Struct, frozen=True):
    """The state of a datastore."""

    name: str
    kind: str
    state: str
    """The state of its instance; `stopped` when there is none."""
    version: str
    """The version of the release that introduced its revision."""
    schema: str
    """The schema revision in the datastore; empty if it has none, or cannot be read now."""


Health = Literal["healthy", "degraded", "stopped"]


class Status(msgspec.Struct, frozen=True):
    """The document of `mainstay status`."""

    system: str
    environment: str
    target: str
    """The kind of the target, such as `process`."""
    url: str
    """The address of the main front door; empty: there is none."""
    state: str
    """Path of the folder with the state of the environment."""
    release: LiveRelease | None
    """null before the first release is live."""
    run: RunStatus | None
    """null when every run has ended."""
    services: tuple[ServiceStatus, ...]
    datastores: tuple[DatastoreStatus, ...]
    started: bool
    """Whether instances should run; false: the environment was stopped."""
    supervised: bool
    """Whether crashed instances are restarted; false: not until a command starts the supervisor."""
    reverted: bool
    """Whether traffic was reverted automatically, because the deploy stopped sending heartbeats."""
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
    """Requests of that minute that are missing from `requests`, because their log lines were lost."""
    notes: tuple[Note, ...] = ()
    """What else an operator should know: instances that ended or are not ready, limits without effect."""
