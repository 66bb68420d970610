"""The protocols of targets, on which services run: `Target`, and `RunTarget` with what only a run may request."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Protocol

from mainstay.drivers.targets.preparation import Preparation, Presence
from mainstay.drivers.targets.retained import Retained
from mainstay.drivers.targets.target_facts import TargetFacts
from mainstay.model import (
    Artifact,
    Edge,
    Environment,
    Fleet,
    FleetStatus,
    Job,
    JobState,
    Shifts,
    Source,
    TrafficLease,
    TrafficStatus,
)
from mainstay.model.endpoint import Endpoint
from mainstay.model.http import EntranceName, HttpRequest, HttpResponse
from mainstay.model.log_lines import RECENT, LogLine, LogQuery, LogSource
from mainstay.model.maintenance import Maintenance
from mainstay.model.signals import Signals
from mainstay.system.state_dir import Folders


def never() -> bool:
    """Return False. As `ended` of `Target.logs` (the default), it lets the caller follow a log without end."""
    return False


TargetDriver = Callable[[Environment, Folders], "Target"]
"""The driver of one kind of target. Calling it returns the target of one environment."""


class Target(Protocol):
    """A place where services run and receive requests.

    A request is durable before the target acknowledges it, and the target reaches the requested state later, even after
    a crash; the caller polls the actual state. A request that changes something starts the target if needed; a read
    never does. All methods raise Unreachable when the target does not respond.
    """

    def for_run(self, fence: int) -> "RunTarget":
        """Return this target for the run with *fence*, a number that grows with each run."""
        ...

    def start(self) -> None:
        """Start a stopped environment, and its supervisor if it is not running; retry failed instances at once."""
        ...

    def prepared(self, artifact: Artifact, preparation: Preparation) -> Presence:
        """Return how much of *artifact* is present; `partial` if its preparation is incomplete, or if it is damaged."""
        ...

    def set_maintenance(self, wanted: Maintenance | None) -> None:
        """Turn maintenance on, or off with None. Deploys do not change it; only the next call does.

        While maintenance is on, the front doors answer 503 except to allowed networks and on the services' health
        paths. It is in effect once `traffic_status().maintained` equals *wanted*.
        """
        ...

    def require_free_ports(self, wanted: Edge) -> None:
        """Raise PortTaken, naming the holder, when another program uses a port of *wanted*. Changes nothing.

        Raises BadInput when a certificate file that *wanted* names cannot be used.
        """
        ...

    def job_state(self, identity: str) -> JobState:
        """Return the state of the job *identity*: `none` when it was never requested."""
        ...

    def logs(self, service: str, query: LogQuery = RECENT, *, ended: Callable[[], bool] = never) -> Iterator[LogLine]:
        """Yield the lines of a service that *query* selects, oldest first; for `edge`, its messages and access log.

        If *query* has `follow`, new lines are then yielded as they are written, until *ended* returns True.
        """
        ...

    def known_services(self) -> dict[str, tuple[LogSource, ...]]:
        """Return the services, datastores and the edge that have written a log, each with the instances that did."""
        ...

    def facts(
        self, *, live: Collection[str] = (), sources: Collection[Source] = (), path: str | None = None
    ) -> TargetFacts:
        """Return the facts for a plan; check the artifacts with the keys *live* for damage, and measure *sources*.

        *path* is the PATH that the manifest declares, in which the target searches for a Python interpreter; None:
        no interpreter is needed. Raises BadInput when a source does not exist or cannot be copied.
        """
        ...

    def prune(self, kept: Retained) -> None:
        """Remove the releases, artifacts and logs that are not in *kept* (logs: in `kept.logs`). Idempotent.

        The caller makes sure that no run is unfinished.
        """
        ...

    def data_left(self) -> Presence:
        """Return how much of what `RunTarget.remove` removes is left; `partial`: a removal was interrupted."""
        ...

    def fleet_status(self) -> FleetStatus:
        """Return the desired fleet and the actual instances."""
        ...

    def signals(self, ago_s: float = 0.0) -> Signals:
        """Return the counters of requests, now or as they were *ago_s* seconds ago (at most 60).

        Raises Unreachable when the target does not count them now.
        """
        ...

    def traffic_status(self) -> TrafficStatus:
        """Return the desired and actual traffic, and the state of the edge."""
        ...

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return every address at which the environment accepts connections now.

        Those that other machines can reach come first, those that only the owner can reach last.
        """
        ...

    def send(self, request: HttpRequest, door: EntranceName) -> HttpResponse:
        """Send *request* to a door of the edge and return the response; redirects are not followed.

        A port in the Host chooses the front door with that port; neither maintenance nor rate limits apply. At most
        1 MB of the body is read. Raises Unreachable when no complete response arrives within the request's time limit,
        and when the certificate of an https door is not the expected one.
        """
        ...


class RunTarget(Target, Protocol):
    """The target of one run, with the requests that only a run may send; each contains the run's fence.

    Requests set desired state and are idempotent. The methods that `Target` lacks raise FenceRefused once a
    newer run has claimed the target.
    """

    def claim(self) -> None:
        """Make the target refuse requests with an older fence from now on. Durable when this returns. Idempotent."""
        ...

    def stop(self) -> None:
        """Request that services drain and stop, then datastores, then the edge. They stay stopped after a reboot.

        Fleets, traffic and ports are remembered. The stop is complete when `fleet_status().started` is False and no
        instance is left.
        """
        ...

    def prepare(self, artifact: Artifact, preparation: Preparation) -> str:
        """Make *artifact* ready to run: copy and build, pull, or repair it. Return a description of what was done.

        Changes nothing if the artifact is present. Raises StepFailed when the preparation fails, and when this target
        does not run artifacts of this kind.
        """
        ...

    def discard(self, artifact: Artifact, preparation: Preparation) -> str:
        """Stop the preparation of *artifact* and remove incomplete files. Return a description of what was done.

        A complete artifact is kept, because another release may use it.
        """
        ...

    def set_fleet(self, wanted: Fleet) -> None:
        """Set the desired fleet of the services in *wanted*. An empty mapping for a service: run no instance of it.

        An instance that is removed gets no new requests, and is stopped once it has no request in flight or its drain
        has timed out.
        """
        ...

    def set_traffic(self, shifts: Shifts, lease: TrafficLease | None = None) -> None:
        """Set which revisions receive requests, for the services in *shifts*.

        Shifts are applied in order, each in one batch; the next waits for the drain that the one before specifies.
        They replace pending shifts of an earlier request. Only ready instances receive requests. *lease* is the
        new lease; None ends an earlier one.
        """
        ...

    def remove(self) -> int:
        """Remove all data, artifacts and logs of the stopped environment. Return how many folders and files they were.

        A folder counts as one, whatever it contains.
        """
        ...

    def heartbeat(self) -> None:
        """Restart the time limit of the run's lease on traffic. Does nothing if there is no lease."""
        ...

    def set_edge(self, wanted: Edge | None) -> None:
        """Set the desired edge; None removes it. Raises PortTaken, naming the holder, when a port is in use."""
        ...

    def set_preview(self, releases: Mapping[str, int], replaced: Mapping[str, int] = {}) -> None:
        """Set, for all services at once, the release of each service to which the preview door leads. Durable.

        Requests to the door `replaced` lead to the releases *replaced*. Where a service forwards the preview header,
        its calls to other services reach the same releases. A service that is not named, or whose named release has no
        ready instance, is reached as from the front door.
        """
        ...

    def start_job(self, job: Job) -> None:
        """Start *job*, unless a job with its id was started before."""
        ...

    def stop_job(self, identity: str) -> None:
        """Stop the job and all its processes, and wait until they have ended. Does nothing if it does not run."""
        ...
