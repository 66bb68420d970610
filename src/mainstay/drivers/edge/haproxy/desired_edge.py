"""The desired state of the edge, as the supervisor computes it for HAProxy."""

from collections.abc import Mapping

import msgspec

from mainstay.model import Edge, Traffic
from mainstay.model.maintenance import Maintenance


class Upstream(msgspec.Struct, frozen=True):
    """An instance to which HAProxy may send requests."""

    service: str
    release: int
    slot: int | None = None
    """The number of its slot, from 1 within the service; None: it has no slot, so HAProxy sends it no requests."""
    port: int | None = None
    ready: bool = False
    """Whether the instance may receive a share of the traffic."""
    formerly_ready: bool = False
    """Whether the instance runs and has been ready before: it may receive requests while no instance of its service is
    ready."""


class DesiredEdge(msgspec.Struct, frozen=True):
    """The desired state of the edge, from which HAProxy's configuration, slots and maps are computed."""

    edge: Edge | None = None
    """The edge of the manifest; None: HAProxy does not run."""
    slots: Mapping[str, int] = {}
    """The number of slots, by the name of each service that has a port."""
    ports: Mapping[str, int] = {}
    """The allocated ports: `listener:SERVICE` for internal addresses, `edge` if `edge.http` is 0, and `edge-https` if
    `edge.https` is 0."""
    traffic: Traffic = {}
    """The percentage of requests that each release receives, by service."""
    preview: Mapping[str, int] = {}
    """The release to which the preview door sends requests, by service."""
    replaced: Mapping[str, int] = {}
    """The release that the previewed one replaces, by service. A request chooses it by a header."""
    upstreams: Mapping[str, Upstream] = {}
    """The instances by their id."""
    maintenance: Maintenance | None = None
    """The maintenance to turn on; None: the front doors serve all clients."""
    health: tuple[str, ...] = ()
    """The paths that the front doors still serve during maintenance."""
    stopping: bool = False
    """Whether the environment is being stopped: then HAProxy is not started if it does not run."""
