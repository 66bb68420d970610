"""Assemble the whole configuration of HAProxy from its sections, and list the ports that it binds."""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from mainstay.drivers.edge.haproxy.config.assets import bridges
from mainstay.drivers.edge.haproxy.config.backends import backend, nowhere
from mainstay.drivers.edge.haproxy.config.defaults import defaults
from mainstay.drivers.edge.haproxy.config.doors import door, doors
from mainstay.drivers.edge.haproxy.config.global_section import global_section
from mainstay.drivers.edge.haproxy.config.listeners import listener
from mainstay.drivers.edge.haproxy.config.preview_door import preview_door
from mainstay.drivers.edge.haproxy.config.rate_limits import rate_tables
from mainstay.drivers.edge.haproxy.config.refusals import program
from mainstay.drivers.edge.haproxy.config.size_limits import connection_table
from mainstay.drivers.edge.haproxy.slots import BEHIND_PREVIEW
from mainstay.model import Edge
from mainstay.system.state_dir import Folders
from mainstay.system.users import UserIds

CONFIGURATION = "haproxy.cfg"


class Rendered(NamedTuple):
    """A configuration, and the ports that it binds."""

    text: str
    program: str
    """The content of the file `SCRIPT`, which the configuration loads."""
    generation: str
    """A digest of the configuration. HAProxy reports the digest of the configuration that it has loaded."""
    ports: tuple[int, ...]
    internal: tuple[int, ...]
    """Those of `ports` that Mainstay has chosen for the internal addresses of services."""


def render(
    edge: Edge,
    slots: Mapping[str, int],
    ports: Mapping[str, int],
    folders: Folders,
    user: UserIds | None = None,
) -> Rendered:
    """Return the configuration for *edge*.

    *slots* is the number of slots of each service with a port. *user* runs HAProxy's workers; None: Mainstay's user.
    *ports* are the allocated ports: `listener:SERVICE` for internal addresses, `edge` if `edge.http` is 0, and
    `edge-https` if `edge.https` is 0.
    """
    public, https = doors(edge, ports), edge.https_port(ports)
    main = next(iter(public))
    listeners = {s: ports[f"listener:{s}"] for s in sorted(slots) if f"listener:{s}" in ports}
    previewed = replace(edge, routes=edge.preview_routes or edge.routes)
    services = sorted({*slots, *(route.service for route in edge.routes + previewed.routes)})
    sections = (
        defaults(edge),
        *filter(None, (rate_tables(edge, folders, user), connection_table(edge))),
        *(door(edge, port, routes, https if port == main else None) for port, routes in public.items()),
        preview_door(edge, folders, doors(previewed, ports), slots.keys()),
        *(listener(edge, service, port) for service, port in listeners.items()),
        *(backend(edge, service, slots.get(service, 0)) for service in services),
        *(backend(edge, service, count, side) for side in BEHIND_PREVIEW for service, count in sorted(slots.items())),
        *(backend(edge, service, slots.get(service, 0), "bridged") for service in sorted(edge.bridged)),
        *bridges(edge, folders, user),
        nowhere(),
    )
    body, script = "\n".join(sections), program(edge)
    frame = global_section(edge, folders, user, "")
    generation = hashlib.sha256((frame + body + script).encode()).hexdigest()[:16]
    text = global_section(edge, folders, user, generation) + "\n" + body
    return Rendered(
        text,
        script,
        generation,
        tuple({*public, *listeners.values(), *filter(None, [https])}),
        tuple(listeners.values()),
    )
