"""The document of a release: one version of all services, fully resolved."""

from typing import Literal

import msgspec

from mainstay.model.artifact import Source
from mainstay.model.edge import Edge
from mainstay.model.fleet import ReleaseNumber
from mainstay.model.workload import Spec


class Strategy(msgspec.Struct, frozen=True):
    """How new takes over from old. Times in seconds."""

    kind: Literal["blue-green", "canary", "rolling", "recreate"] = "blue-green"
    percent: tuple[float, ...] = ()
    hold_s: float = 120.0
    settle_s: float = 60.0
    unwatched_s: float = 60.0


class ServiceRelease(msgspec.Struct, frozen=True):
    """A service in a release: the revision that carries it, and how many."""

    revision: ReleaseNumber
    spec: Spec
    replicas: int
    version: str
    """The version of the release that brought the revision."""
    strategy: Strategy
    needs: tuple[str, ...] = ()


class Content(msgspec.Struct, frozen=True):
    """What a release brings and runs in: `key` names the built thing, `digest` the copied files."""

    key: str
    digest: str
    source: Source
    build: tuple[tuple[str, ...], ...] = ()
    build_within_s: float = 600.0
    path: str = ""
    """The release's PATH, part of `key`."""
    python: str = ""
    """The interpreter whose folder comes first in the PATH of builds; empty: none."""
    reads: tuple[str, ...] = ()
    """Environment of a build besides PATH, as NAME=VALUE: nothing secret."""
    user: str = ""
    check: tuple[str, ...] = ()
    """Programs (`command[0]` of its services) that the user must be able to reach once built."""
    files: int = 0
    left_out: int = 0


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
