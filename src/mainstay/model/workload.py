"""What a target runs: the workload of a service, fully resolved, and jobs, which are commands that run once."""

import re
from typing import Literal

import msgspec

from mainstay.model.value import Value


class Health(msgspec.Struct, frozen=True):
    """How an instance is probed. Times in seconds.

    http: GET `ready` returns 2xx or 3xx · command: exits with 0 · file: is newer than `newer_than_s` ·
    tcp: accepts a connection · alive: the process runs. Once the instance has been ready, `live` is probed too.
    """

    kind: Literal["http", "command", "file", "tcp", "alive"] = "alive"
    ready: str = ""
    live: str = ""
    stuck_after_s: float = 30.0
    command: tuple[str, ...] = ()
    file: str = ""
    newer_than_s: float = 30.0
    within_s: float = 30.0
    every_s: float = 5.0
    """Time between probes of a ready instance; an instance that is not ready is probed at least every 0.5 s."""
    limit_s: float = 1.0
    """A probe without a response after this time has failed."""


class Volume(msgspec.Struct, frozen=True):
    """A folder that is kept across releases. The service finds it at `path`; at a relative path, it is a link."""

    name: str
    path: str


def volume_variable(name: str) -> str:
    """Return the name of the variable that contains the path of the volume *name*."""
    return "MAINSTAY_VOLUME_" + re.sub(r"\W", "_", name).upper()


class Workload(msgspec.Struct, frozen=True):
    """One service, fully resolved, as its target runs it. Times in seconds.

    Two releases whose workloads of a service are equal share its revision. So a workload has no release number, no
    version of the system and no number of replicas; these are passed separately.
    """

    service: str
    command: tuple[str, ...]
    artifact: str = ""
    """Key of the artifact that it runs; empty: it runs a program of its target in `folder`."""
    folder: str = ""
    """Working folder of a program that comes with the target; empty: the home folder of its user."""
    environment: dict[str, Value] = {}
    files: dict[str, Value] = {}
    """Values by NAME that the service gets as files (mode 0400); its variable NAME_FILE contains the path."""
    listens: bool = True
    """Whether it accepts connections, on a port that its target chooses; False: a worker."""
    port_variable: str = "PORT"
    overlap: bool = False
    """Workers only: whether new instances start before old ones stop."""
    health: Health = Health()
    steady_s: float = 10.0
    """Time for which a new instance must stay ready before it gets traffic."""
    drain_s: float = 30.0
    """Time that requests in flight get to finish before an instance is stopped."""
    stop_grace_s: float = 10.0
    """Time from the stop signal to SIGKILL."""
    stop_signal: str = "SIGTERM"
    restart: Literal["unless-stopped", "always", "on-failure", "no"] = "unless-stopped"
    user: str = ""
    """User that it runs as; empty: the user that runs Mainstay."""
    memory_bytes: int | None = None
    cpus: float | None = None
    open_files: int = 65536
    volumes: tuple[Volume, ...] = ()
    read_only: bool = True
    """Whether the files of its artifact are read-only; False: each instance writes into a copy of its own. When the
    instance is removed, the target keeps only the files that it wrote there."""
    datastore: bool = False
    """Whether it is a datastore: one instance at one permanent address, which starts before services."""

    @property
    def is_task(self) -> bool:
        """Whether it runs to completion: exit code 0 means that it is done and is not restarted."""
        return not self.listens and self.restart in ("on-failure", "no")


class Job(msgspec.Struct, frozen=True):
    """A command that runs once to its end. Its id comes from the plan, so that a repeated request runs it only once."""

    id: str
    title: str
    command: tuple[str, ...]
    folder: str
    environment: dict[str, Value] = {}
    stdin: str = ""
    """Text for its standard input; never contains a secret."""
    user: str = ""
    within_s: float = 600.0


class JobState(msgspec.Struct, frozen=True):
    """The state of a job. none: unknown id · running · ended: with exit code `code` · lost: it ran, outcome unknown.

    `tail` holds its last lines of output, without control characters.
    """

    state: Literal["none", "running", "ended", "lost"]
    code: int | None = None
    tail: tuple[str, ...] = ()
    took_s: float | None = None
