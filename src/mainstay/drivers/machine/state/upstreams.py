"""The part of the desired state that HAProxy serves: which instances may receive requests. Pure."""

from collections.abc import Collection

from mainstay.drivers.edge.haproxy.slots import DesiredEdge, Upstream
from mainstay.drivers.machine.state.desired import Desired, DesiredInstance


def desired_edge(
    desired: Desired, ready: Collection[str] = (), accepting: Collection[str] = (), drained: Collection[str] = ()
) -> DesiredEdge:
    """Return the desired state of HAProxy.

    *ready* and *accepting* instances may receive requests; *drained* ones lose their slots.
    While a run observes a release, an instance that is not ready receives none: a bad release would seem good.
    """
    able = () if desired.lease else accepting
    return DesiredEdge(
        edge=desired.edge,
        slots=desired.slots,
        ports=desired.ports,
        traffic=desired.traffic if desired.started else {},
        upstreams={
            name: upstream(one, ready=name in ready, accepting=name in able)
            for name, one in desired.instances.items()
            if name not in drained
        },
        stopping=not desired.started,
    )


def upstream(one: DesiredInstance, *, ready: bool = False, accepting: bool = False) -> Upstream:
    """Return the instance as HAProxy sees it; one that is leaving receives no new requests."""
    stays = not one.leaving
    return Upstream(one.service, one.release, one.slot, one.port, ready and stays, accepting and stays)
