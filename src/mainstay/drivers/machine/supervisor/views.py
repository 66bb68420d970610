"""Views of the supervisor's state: an instance, and desired and actual traffic."""

from msgspec.structs import replace

from mainstay.drivers.edge.haproxy.trouble import Trouble
from mainstay.drivers.machine.state.addresses import listeners
from mainstay.drivers.machine.state.desired import Desired, Identity
from mainstay.drivers.machine.state.lifecycle import Life, state_of
from mainstay.model import Edge, Instance, TrafficStatus, end_of
from mainstay.system.ports import LOOPBACK


def instance(name: str, one: Identity, life: Life, *, ready: bool) -> Instance:
    """Return the instance as it is shown to users."""
    state = state_of(life, leaving=one.leaving, ready=ready)
    return Instance(
        id=name,
        service=one.service,
        release=one.release,
        state=state,
        since=life.past.since,
        pid=life.process.pid if life.process else None,
        address=None if one.port is None else f"{LOOPBACK}:{one.port}",
        restarts=life.past.restarts,
        early_exits=life.past.early_ends,
        done=life.past.done and not one.leaving,
        memory_bytes=life.memory_bytes,
        last_exit=life.past.last_exit,
        tail=life.tail if state in {"failed", "starting", "stopped"} else (),
        listens_elsewhere=life.listens_elsewhere or "",
        probe=life.probe if state in {"starting", "unready", "failed"} else "",
    )


def serving(desired: Desired, actual: dict[str, dict[int, float]]) -> TrafficStatus:
    """Return the desired traffic beside the *actual* traffic."""
    doors = _doors(desired.edge, desired)
    pending = desired.pending.then if desired.pending else ()
    return TrafficStatus(
        wanted=desired.traffic | end_of(pending),
        actual={service: actual.get(service, {}) for service in {*actual, *desired.traffic}},
        edge=desired.edge,
        url=doors[0] if doors else "",
        doors=doors,
        listeners={service: f"{LOOPBACK}:{port}" for service, port in listeners(desired).items()},
        reverts_to=end_of(desired.lease.lease.then) if desired.lease else None,
        reverted=desired.reverted,
        pending=len(pending),
    )


def with_trouble(serving: TrafficStatus, trouble: Trouble | None) -> TrafficStatus:
    """Return *serving* with the problem of the edge, when there is one."""
    if trouble is None:
        return serving
    return replace(serving, trouble=trouble.what, trouble_code=trouble.code, trouble_remedy=trouble.remedy)


def _doors(edge: Edge | None, desired: Desired) -> tuple[str, ...]:
    if edge is None:
        return ()
    host = LOOPBACK if edge.address in {"", "0.0.0.0", "::", "*"} else edge.address
    first = edge.http or desired.ports.get("edge", 0)
    others = sorted({route.listen for route in edge.routes} - {0, first})
    return tuple(f"http://{host}:{port}" for port in (first, *others) if port)
