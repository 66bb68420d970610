"""A spec: one service, fully resolved, as its target runs it."""

import re
from typing import Literal

import msgspec

from mainstay.model.value import Value


class Health(msgspec.Struct, frozen=True):
    """How an instance is probed. Times in seconds.

    http: GET `ready` returns 2xx or 3xx · command: ends with 0 · file: is newer than `newer_than_s` ·
    tcp: accepts a connection · alive: the process runs. `live` is probed too, once the instance has been ready.
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
    """Between probes of a ready instance; one that is not ready is probed at least every 0.5 s."""
    limit_s: float = 1.0
    """A probe without a response after this time has failed."""


class Volume(msgspec.Struct, frozen=True):
    """A folder kept across releases; a relative path becomes a link in the service's folder."""

    name: str
    path: str


def volume_variable(name: str) -> str:
    """Return the variable that contains the path of the volume *name*."""
    return "MAINSTAY_VOLUME_" + re.sub(r"\W", "_", name).upper()


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

    @property
    def is_task(self) -> bool:
        """Whether it runs to completion: exit code 0 means that it is done and is not started again."""
        return self.port == "none" and self.restart in ("on-failure", "no")
