"""The protocol of the supervisor's socket: one JSON document per line, requests and answers in turn."""

import msgspec

from mainstay.model import Edge, Fleet, Job, JobState, Running, Serving, Shifts, UnlessRenewed

PROTOCOL = 3


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """The first request on every connection. A daemon with an older protocol re-executes itself and adopts."""

    protocol: int = PROTOCOL


class Claim(msgspec.Struct, frozen=True, tag="claim"):
    fence: int


class SetFleet(msgspec.Struct, frozen=True, tag="fleet"):
    fence: int
    wanted: Fleet


class SetTraffic(msgspec.Struct, frozen=True, tag="traffic"):
    fence: int
    shifts: Shifts
    unless_renewed: UnlessRenewed | None = None


class Renew(msgspec.Struct, frozen=True, tag="renew"):
    fence: int


class SetEdge(msgspec.Struct, frozen=True, tag="edge"):
    fence: int
    wanted: Edge | None


class StartJob(msgspec.Struct, frozen=True, tag="job"):
    fence: int
    job: Job


class AskJob(msgspec.Struct, frozen=True, tag="job_state"):
    id: str


class StopJob(msgspec.Struct, frozen=True, tag="stop_job"):
    fence: int
    id: str


class Wake(msgspec.Struct, frozen=True, tag="wake"):
    """Start the environment that was stopped."""


class Sleep(msgspec.Struct, frozen=True, tag="sleep"):
    fence: int


class AskRunning(msgspec.Struct, frozen=True, tag="running"):
    pass


class AskServing(msgspec.Struct, frozen=True, tag="serving"):
    pass


Request = (
    Hello
    | Claim
    | SetFleet
    | SetTraffic
    | Renew
    | SetEdge
    | StartJob
    | AskJob
    | StopJob
    | Wake
    | Sleep
    | AskRunning
    | AskServing
)


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """The answer to `hello`. When `reexecuting` is true, the client must connect again shortly."""

    protocol: int
    pid: int
    reexecuting: bool = False


class Accepted(msgspec.Struct, frozen=True, tag="accepted"):
    """The request is durable."""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """`code` is the code of the MainstayError that the client raises (`fence-refused`, `bad-input`, …)."""

    code: str
    what: str
    remedy: str = ""


class JobAnswer(msgspec.Struct, frozen=True, tag="job_answer"):
    state: JobState


class RunningAnswer(msgspec.Struct, frozen=True, tag="running_answer"):
    running: Running


class ServingAnswer(msgspec.Struct, frozen=True, tag="serving_answer"):
    serving: Serving


Answer = Welcome | Accepted | Refused | JobAnswer | RunningAnswer | ServingAnswer


_requests: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_answers: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)


def to_line(said: Request | Answer) -> bytes:
    """Return a request or an answer as the line that is sent over the socket."""
    return msgspec.json.encode(said) + b"\n"


def request_of(line: bytes) -> Request:
    """Return the request in *line*. Raises msgspec.DecodeError when it is not a request."""
    return _requests.decode(line)


def answer_of(line: bytes) -> Answer:
    """Return the answer in *line*. Raises msgspec.DecodeError when it is not an answer, or is incomplete."""
    return _answers.decode(line)
