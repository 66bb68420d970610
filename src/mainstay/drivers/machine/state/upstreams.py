"""Derive the desired state of HAProxy from that of the environment: which instances may receive requests. Pure."""

from collections.abc import Mapping

from mainstay.drivers.edge.haproxy.desired_edge import DesiredEdge, Upstream
from mainstay.drivers.machine.state.decide import formerly_ready, ready
from mainstay.drivers.machine.state.desired import Desired, DesiredInstance
from mainstay.drivers.machine.state.lifecycle import Runtime


def desired_edge(desired: Desired, runtimes: Mapping[str, Runtime]) -> DesiredEdge:
    """Return the desired state of HAProxy, without the drained instances.

    While no instance of a service is ready, those that were ready before get its requests; but not while a run holds a
    lease on traffic and judges its release: their responses would hide that the release is bad.
    """
    able, steady = ready(desired, runtimes), frozenset() if desired.lease else formerly_ready(runtimes)
    return DesiredEdge(
        edge=desired.edge,
        slots=desired.slots,
        ports=desired.ports,
        traffic=desired.traffic if desired.started else {},
        preview=desired.preview if desired.started else {},
        replaced=desired.replaced if desired.started else {},
        upstreams={
            name: upstream(one, ready=name in able, formerly_ready=name in steady)
            for name, one in desired.instances.items()
            if name not in runtimes or not runtimes[name].drained
        },
        maintenance=desired.maintenance,
        health=health_paths(desired),
        stopping=not desired.started,
    )


def health_paths(desired: Desired) -> tuple[str, ...]:
    """Return the paths of the services' health checks, as clients of the front doors request them.

    They are served during maintenance too. `/` is left out, because it is also the home page, which is not.
    """
    routes = desired.edge.routes if desired.edge else ()
    probes = (
        (route, path)
        for route in routes
        for member in desired.fleet.get(route.service, {}).values()
        for path in (member.workload.health.ready, member.workload.health.live)
        if path
    )
    paths = {route.path.rstrip("/") + path if route.strip else path for route, path in probes}
    return tuple(sorted(paths - {"/"}))


def upstream(one: DesiredInstance, *, ready: bool = False, formerly_ready: bool = False) -> Upstream:
    """Return the instance as HAProxy sees it; one that is leaving receives no new requests."""
    stays = not one.leaving
    return Upstream(one.service, one.release, one.slot, one.port, ready and stays, formerly_ready and stays)
