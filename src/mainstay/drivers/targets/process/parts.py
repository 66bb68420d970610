"""The parts of the process target that are imported only when they are used."""

from collections.abc import Callable, Collection
from typing import NamedTuple, Protocol

from mainstay.drivers.targets.preparation import Preparation, Presence
from mainstay.drivers.targets.retained import Retained
from mainstay.drivers.targets.target import RunTarget, Target
from mainstay.drivers.targets.target_facts import TargetFacts
from mainstay.model import Artifact, Edge, FleetStatus, JobState, Source, TrafficStatus
from mainstay.model.endpoint import Endpoint
from mainstay.model.http import EntranceName, HttpRequest, HttpResponse
from mainstay.system.state_dir import Folders


class OfflineReader(Protocol):
    """Reads state from files and /proc while no supervisor runs; `require_free_ports` also while one runs."""

    def fleet_status(self, folders: Folders) -> FleetStatus: ...

    def traffic_status(self, folders: Folders) -> TrafficStatus: ...

    def job_state(self, folders: Folders, identity: str) -> JobState: ...

    def require_free_ports(self, wanted: Edge, doors: tuple[str, ...]) -> None: ...


class Storage(Protocol):
    """The operations on the environment's files. The supervisor takes part only in builds, which are jobs."""

    def prepare(self, artifact: Artifact, preparation: Preparation, run: RunTarget) -> str: ...

    def prepared(self, artifact: Artifact, preparation: Preparation, target: Target) -> Presence: ...

    def discard(self, artifact: Artifact, preparation: Preparation, run: RunTarget) -> str: ...

    def facts(self, live: Collection[str], sources: Collection[Source], path: str | None) -> TargetFacts: ...

    def prune(self, kept: Retained) -> None: ...

    def data_left(self) -> Presence: ...

    def remove(self) -> int: ...


class RequestSender(Protocol):
    """Sends requests to the doors of the edge."""

    def send_to_door(
        self, request: HttpRequest, door: EntranceName, status: TrafficStatus, folders: Folders
    ) -> HttpResponse: ...


EndpointReader = Callable[[Folders], tuple[Endpoint, ...]]
"""Function that returns the addresses on which the processes of an environment listen."""


class Parts(NamedTuple):
    """Functions that return the parts which a process target seldom needs.

    Each function imports the module of its part when it is called, because the import is slow.
    """

    offline: Callable[[], OfflineReader]
    storage: Callable[[], Storage]
    requests: Callable[[], RequestSender]
    endpoints: Callable[[], EndpointReader]
