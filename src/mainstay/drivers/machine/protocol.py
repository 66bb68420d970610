"""The protocol of the supervisor's socket: one JSON document per line, requests and answers in turn."""

import msgspec

from mainstay.model import Edge, Fleet, FleetStatus, Job, JobState, Shifts, TrafficLease, TrafficStatus
from mainstay.model.maintenance import Maintenance
from mainstay.model.signals import Signals

PROTOCOL = 8


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """The first request on every connection.

    A supervisor with an older protocol replaces itself by the newer program, which adopts the running instances.
    """

    protocol: int = PROTOCOL


class Claim(msgspec.Struct, frozen=True, tag="claim"):
    fence: int


class SetFleet(msgspec.Struct, frozen=True, tag="fleet"):
    fence: int
    wanted: Fleet


class SetShifts(msgspec.Struct, frozen=True, tag="traffic"):
    fence: int
    shifts: Shifts
    lease: TrafficLease | None = None


class LeaseHeartbeat(msgspec.Struct, frozen=True, tag="heartbeat"):
    fence: int


class SetEdge(msgspec.Struct, frozen=True, tag="edge"):
    fence: int
    wanted: Edge | None


class SetPreview(msgspec.Struct, frozen=True, tag="preview"):
    fence: int
    releases: dict[str, int]
    replaced: dict[str, int] = {}


class SetMaintenance(msgspec.Struct, frozen=True, tag="maintenance"):
    """Turn maintenance on, or off with None. An operator sends it, not a run, so it has no fence."""

    wanted: Maintenance | None


class StartJob(msgspec.Struct, frozen=True, tag="job"):
    fence: int
    job: Job


class GetJob(msgspec.Struct, frozen=True, tag="get_job"):
    id: str


class StopJob(msgspec.Struct, frozen=True, tag="stop_job"):
    fence: int
    id: str


class StartAll(msgspec.Struct, frozen=True, tag="start_all"):
    """Start the environment if it is stopped, and restart failed instances. It has no fence: operators may send it."""


class StopAll(msgspec.Struct, frozen=True, tag="stop_all"):
    fence: int


class GetFleet(msgspec.Struct, frozen=True, tag="get_fleet"):
    pass


class GetSignals(msgspec.Struct, frozen=True, tag="get_signals"):
    ago_s: float = 0.0
    """Age of the requested counters in seconds; 0: the present ones."""


class GetTraffic(msgspec.Struct, frozen=True, tag="get_traffic"):
    pass


Changing = (
    Claim
    | SetFleet
    | SetShifts
    | LeaseHeartbeat
    | SetEdge
    | SetPreview
    | SetMaintenance
    | StartJob
    | StartAll
    | StopAll
)
"""The requests that only change the desired state. The supervisor reconciles the actual state with it later."""
Request = Changing | StopJob | Hello | GetFleet | GetTraffic | GetSignals | GetJob


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """The answer to `hello`. When `reexecuting` is true, the supervisor becomes the newer program: connect again."""

    protocol: int
    pid: int
    reexecuting: bool = False


class Accepted(msgspec.Struct, frozen=True, tag="accepted"):
    """The answer to a request that changes something: the change is on disk, except that of a heartbeat."""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The answer to a request that was refused or failed: the MainstayError that the client raises.

    `code` names its type (`fence-refused`, `bad-input`, …), `what` is its message.
    """

    code: str
    what: str
    remedy: str = ""


class JobAnswer(msgspec.Struct, frozen=True, tag="job"):
    state: JobState


class FleetAnswer(msgspec.Struct, frozen=True, tag="fleet"):
    running: FleetStatus


class TrafficAnswer(msgspec.Struct, frozen=True, tag="traffic"):
    serving: TrafficStatus


class SignalsAnswer(msgspec.Struct, frozen=True, tag="signals"):
    signals: Signals


Answer = Welcome | Accepted | Refused | JobAnswer | FleetAnswer | TrafficAnswer | SignalsAnswer

requests: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
answers: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)


def to_line(message: Request | Answer) -> bytes:
    """Return a request or an answer as the line that is sent over the socket."""
    return msgspec.json.encode(message) + b"\n"
