"""The document of a release: one version of all services, fully resolved."""

from typing import Literal

import msgspec

from mainstay.model.artifact import Source
from mainstay.model.edge import Edge
from mainstay.model.fleet import ReleaseNumber
from mainstay.model.workload import Workload


class Strategy(msgspec.Struct, frozen=True):
    """The rollout strategy of a service. Times in seconds."""

    kind: Literal["blue-green", "canary", "rolling", "recreate"] = "blue-green"
    percent: tuple[float, ...] = ()
    hold_s: float = 120.0
    settle_s: float = 60.0
    revert_after_s: float = 60.0


class ServiceRelease(msgspec.Struct, frozen=True):
    """A service in a release: its revision, its workload and its number of replicas."""

    revision: ReleaseNumber
    workload: Workload
    replicas: int
    version: str
    """The version of the release that introduced the revision."""
    strategy: Strategy
    needs: tuple[str, ...] = ()


class Content(msgspec.Struct, frozen=True):
    """The files of a service: `key` identifies the built content, `digest` the files as copied."""

    key: str
    digest: str
    source: Source
    build: tuple[tuple[str, ...], ...] = ()
    build_within_s: float = 600.0
    path: str = ""
    """The PATH of the release's processes, which is part of `key`."""
    python: str = ""
    """The interpreter whose folder comes first in the PATH of builds; empty: none."""
    reads: tuple[str, ...] = ()
    """Environment of a build besides PATH, as NAME=VALUE; contains no secrets."""
    user: str = ""
    check: tuple[str, ...] = ()
    """Programs (`command[0]` of its services) that `user` must be able to reach after the build."""
    files: int = 0
    left_out: int = 0


class DatastoreRelease(msgspec.Struct, frozen=True):
    """A datastore in a release: the workload of its single instance, and the desired schema."""

    kind: str
    revision: ReleaseNumber
    workload: Workload | None
    """None: the datastore runs elsewhere and is reached by its address."""
    version: str
    migrations: str = ""
    """Key of the content that holds the migrations; empty: none."""
    schema: str = ""
    """The schema revision after all migrations have run."""


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
    """Services whose revision this release introduces; the other services keep an earlier revision."""
    fingerprint: str = ""
    """Digest of the resolved manifest, to detect whether the live release corresponds to the manifest."""
