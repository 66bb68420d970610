"""The document of a release: one version of all services, fully resolved."""

from typing import Literal

import msgspec

from mainstay.model.artifact import Artifact
from mainstay.model.edge import Edge
from mainstay.model.fleet import ReleaseNumber
from mainstay.model.synthetic import WhenQuiet
from mainstay.model.workload import Workload


class Strategy(msgspec.Struct, frozen=True):
    """The rollout strategy of a service. Times in seconds."""

    kind: Literal["blue-green", "canary", "rolling", "recreate"] = "blue-green"
    percent: tuple[float, ...] = ()
    """The percentages of requests that a canary gets one after another, before 100."""
    hold_s: float = 120.0
    """Time for which each percentage of a canary is observed."""
    settle_s: float = 60.0
    """Time for which the old revision keeps running after all traffic has moved."""
    revert_after_s: float = 60.0
    """Time without a heartbeat of the run after which traffic is reverted."""
    when_quiet: WhenQuiet = "hold"


class ServiceRelease(msgspec.Struct, frozen=True):
    """A service in a release: its revision, its workload and its number of replicas."""

    revision: ReleaseNumber
    workload: Workload
    replicas: int
    version: str
    """The version of the release that introduced the revision."""
    strategy: Strategy
    needs: tuple[str, ...] = ()
    """The services and datastores that it calls."""


class DatastoreRelease(msgspec.Struct, frozen=True):
    """A datastore in a release: the workload of its single instance, and the desired schema."""

    kind: str
    revision: ReleaseNumber
    workload: Workload | None
    """None: the datastore runs elsewhere and is reached by its address."""
    version: str
    migrations: str = ""
    """Key of the artifact that contains the migrations; empty: none."""
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
    artifacts: dict[str, Artifact] = {}
    """The artifacts of its services and migrations, by their keys."""
    edge: Edge | None = None
    brought: tuple[str, ...] = ()
    """Services whose revision this release introduces; the other services keep an earlier revision."""
    fingerprint: str = ""
    """Digest of the resolved manifest, to detect whether the live release corresponds to the manifest."""
