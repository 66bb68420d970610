"""What a release is made of: frozen values that plan, supervisor and journal share."""

from typing import Literal

import msgspec

from mainstay.sealed import SecretRef
from mainstay.source import Source

ReleaseNumber = int


class Listener(msgspec.Struct, frozen=True, tag="listener"):
    """The internal address of a service, which its target allots and keeps.

    `url` is `http://127.0.0.1:PORT`, `address` is `127.0.0.1:PORT`, `host` and `port` its halves.
    It leads to the revision that serves.
    """

    service: str
    part: Literal["url", "address", "host", "port"] = "url"


class Piece(msgspec.Struct, frozen=True):
    """A part of a template; `percent` encodes everything but unreserved characters (RFC 3986)."""

    value: str | SecretRef | Listener
    encoding: Literal["plain", "percent"] = "plain"


class Template(msgspec.Struct, frozen=True, tag="template"):
    """A text composed when a process starts, from pieces of which some are not known or not shown before."""

    pieces: tuple[Piece, ...]
    secret: bool = True


Value = str | SecretRef | Listener | Template


class Health(msgspec.Struct, frozen=True):
    """How readiness is told. Times in seconds.

    http: GET `ready` answers 2xx or 3xx · command: ends with 0 · file: is newer than `newer_than_s` ·
    tcp: accepts a connection · alive: the process runs.
    """

    kind: Literal["http", "command", "file", "tcp", "alive"] = "alive"
    ready: str = ""
    live: str = ""
    command: tuple[str, ...] = ()
    file: str = ""
    newer_than_s: float = 30.0
    within_s: float = 30.0
    every_s: float = 0.5
    limit_s: float = 1.0


class Volume(msgspec.Struct, frozen=True):
    """A folder kept across releases; a relative path becomes a link in the service's folder."""

    name: str
    path: str


class Spec(msgspec.Struct, frozen=True):
    """One service, fully resolved, as its target runs it. Times in seconds.

    Two releases whose specs are equal share the revision. So it has no release number, no version of
    the system and no count of replicas; those are told beside it.
    """

    service: str
    command: tuple[str, ...]
    content: str = ""
    """Key of the content it runs in (`content/KEY`); empty: it runs in `folder`."""
    folder: str = ""
    environment: dict[str, Value] = {}
    files: dict[str, Value] = {}
    """Delivered as a file (0400); its variable is told as NAME_FILE."""
    port: Literal["instance", "kept", "none"] = "instance"
    """instance: one each, told as PORT · kept: one for the service for ever (datastores) · none: a worker."""
    port_variable: str = "PORT"
    alone: bool = False
    """The old instance is seen gone before the new one starts (datastores)."""
    overlap: bool = False
    """Workers only: new in, then old out."""
    health: Health = Health()
    steady_s: float = 10.0
    drain_s: float = 30.0
    stop_grace_s: float = 10.0
    stop_signal: str = "SIGTERM"
    restart: Literal["unless-stopped", "always", "on-failure", "no"] = "unless-stopped"
    user: str = ""
    """System user it runs under; empty: the one that runs Mainstay."""
    memory_bytes: int | None = None
    cpus: float | None = None
    open_files: int = 65536
    volumes: tuple[Volume, ...] = ()
    private_copy: bool = False
    """`read_only: false`: each instance gets a copy of the content that goes with it."""
    datastore: bool = False


class Member(msgspec.Struct, frozen=True):
    """A revision in a fleet: what to run, how many, and the version people know it by."""

    spec: Spec
    count: int
    version: str


Members = dict[ReleaseNumber, Member]
Fleet = dict[str, Members]
"""Per service, what is to run. A request names whole services: what it does not name stays."""

Shares = dict[ReleaseNumber, float]
Traffic = dict[str, Shares]
"""Per service, the percentage that each revision receives; sums to 100, or is empty where nothing serves."""


class UnlessRenewed(msgspec.Struct, frozen=True):
    """Traffic that goes to `then` by itself when the run that watches is not heard for `within_s` seconds."""

    within_s: float
    then: Traffic


class Route(msgspec.Struct, frozen=True):
    """Requests whose path starts with `path` (and whose host is `host`, when named) go to `service`."""

    path: str
    service: str
    host: str = ""
    listen: int = 0
    """A front door of its own; 0: the edge's."""


class Edge(msgspec.Struct, frozen=True):
    """The front door. `http` 0 takes a free port, which is then kept. Times in seconds."""

    http: int = 8080
    routes: tuple[Route, ...] = ()
    address: str = "0.0.0.0"
    answer_s: float = 60.0
    tunnel_s: float = 3600.0
    release_header: bool = False
    slots: dict[str, int] = {}
    """Per service with a port, how many slots its backend has: 3 × the most replicas."""


class Job(msgspec.Struct, frozen=True):
    """Something that runs once and ends. Its id comes from the plan, so asking twice runs once."""

    id: str
    title: str
    command: tuple[str, ...]
    folder: str
    environment: dict[str, Value] = {}
    stdin: str = ""
    """Given to it on standard input; never holds a secret."""
    user: str = ""
    within_s: float = 600.0


class JobState(msgspec.Struct, frozen=True):
    """none: never heard of · running · ended with `code` · lost: it ran, and nobody saw how it ended.

    `tail` holds its last lines, made harmless.
    """

    state: Literal["none", "running", "ended", "lost"]
    code: int | None = None
    tail: tuple[str, ...] = ()
    took_s: float | None = None


class Exit(msgspec.Struct, frozen=True):
    """How a process last ended: exactly one of `code` and `signal`, and why, where that is known."""

    at: str
    code: int | None = None
    signal: str | None = None
    reason: str = ""


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
    memory_bytes: int | None = None
    last_exit: Exit | None = None
    tail: tuple[str, ...] = ()
    """Its last lines, given while it is failed."""
    listens_elsewhere: str = ""
    """Where it was found to listen although it was told another address."""


class Running(msgspec.Struct, frozen=True):
    """What is to run and what runs."""

    wanted: Fleet
    instances: tuple[Instance, ...]
    awake: bool
    answers: bool = True
    """False: nobody guards it now; this was read from files and from the machine."""
    guarded_by: str = ""
    cut: dict[str, int] = {}
    """Per revision (`web@41`), how many connections its drains have cut."""


class Serving(msgspec.Struct, frozen=True):
    """Who is to be served by whom, and who really is."""

    wanted: Traffic
    actual: Traffic
    """By the slots that take requests now; equal to `wanted` when it has come about."""
    edge: Edge | None = None
    url: str = ""
    doors: tuple[str, ...] = ()
    listeners: dict[str, str] = {}
    """Per service or datastore, its kept internal address `127.0.0.1:PORT`."""
    returns_to: Traffic | None = None
    """Set while traffic goes back by itself unless renewed."""
    returned: bool = False
    """Traffic went back by itself, because the run that watched was not heard."""
    open: bool = False
    """The edge is as it was told to be; False while it is on its way there."""
    trouble: str = ""
    """Why it is not."""


class ServiceRelease(msgspec.Struct, frozen=True):
    """A service in a release: the revision that carries it, and how many."""

    revision: ReleaseNumber
    spec: Spec
    replicas: int
    version: str
    """The version of the release that brought the revision."""
    strategy: "Strategy"
    needs: tuple[str, ...] = ()


class Strategy(msgspec.Struct, frozen=True):
    """How new takes over from old. Times in seconds."""

    kind: Literal["blue-green", "canary", "rolling", "recreate"] = "blue-green"
    percent: tuple[float, ...] = ()
    hold_s: float = 120.0
    settle_s: float = 60.0


class Content(msgspec.Struct, frozen=True):
    """What a release brings and runs in: `key` names the built thing, `digest` the copied files."""

    key: str
    digest: str
    source: Source
    build: tuple[tuple[str, ...], ...] = ()
    build_within_s: float = 600.0
    path: str = ""
    """The PATH that builds see."""
    reads: tuple[str, ...] = ()
    """Environment of a build besides PATH, as NAME=VALUE: nothing secret."""
    user: str = ""
    check: tuple[str, ...] = ()
    """Programs (`command[0]` of its services) that the user must be able to reach once built."""
    files: int = 0
    left_out: int = 0
    bytes: int = 0


class DatastoreRelease(msgspec.Struct, frozen=True):
    """A datastore in a release: the fleet of one that carries it, and the schema it is to have."""

    kind: str
    revision: ReleaseNumber
    spec: Spec | None
    """None: it runs elsewhere and is reached by its address."""
    version: str
    migrations: str = ""
    """Key of the content that holds them; empty: none."""
    schema: str = ""
    """The schema revision when all of them have run."""


class Release(msgspec.Struct, frozen=True):
    """One version of all services, fully resolved. Immutable."""

    number: ReleaseNumber
    system: str
    environment: str
    version: str
    services: dict[str, ServiceRelease]
    datastores: dict[str, DatastoreRelease] = {}
    contents: dict[str, Content] = {}
    edge: Edge | None = None
    brought: tuple[str, ...] = ()
    """Services whose revision this release brings; the others it carries on."""
    fingerprint: str = ""
    """Digest of the resolved manifest, to tell whether what serves is what the manifest says."""


class Stage(msgspec.Struct, frozen=True):
    """A state of replicas and traffic on the way from old to new, and the state to return to from there."""

    replicas: dict[str, dict[ReleaseNumber, int]]
    traffic: Traffic
    back: Traffic
    hold_s: float = 0.0


class DatastorePlace(msgspec.Struct, frozen=True):
    """How a datastore is reached and driven, as the environment keeps it."""

    name: str
    kind: str
    provided: str
    """`embedded`, or `url`."""
    options: dict[str, str] = {}


class Environment(msgspec.Struct, frozen=True):
    """What the manifest says about one place, resolved: enough for every command but those that plan."""

    system: str
    name: str
    target: str
    state: str
    keys: str
    user: str = ""
    """System user of the services; empty: the one that runs Mainstay."""
    datastore_user: str = ""
    datastores: tuple[DatastorePlace, ...] = ()
    manifest: str = ""
    """Where the manifest lay when this was made."""
    options: dict[str, str] = {}
    """The target's own settings."""


def percent_sum(shares: Shares) -> float:
    """What the percentages of one service add up to."""
    return round(sum(shares.values()), 6)
