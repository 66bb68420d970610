"""Convert the state of instances and traffic to values of the model, for `status`, with or without a supervisor."""

from collections.abc import Iterator, Mapping

from mainstay.drivers.edge.haproxy.slots import Actual
from mainstay.drivers.machine.state.addresses import listeners
from mainstay.drivers.machine.state.desired import Desired, DesiredInstance
from mainstay.drivers.machine.state.lifecycle import Runtime, state_of
from mainstay.model import Endings, Instance, InstanceState, Note, TrafficStatus, end_of
from mainstay.system.ports import LOOPBACK, in_address


def instance(name: str, one: DesiredInstance, runtime: Runtime, *, ready: bool) -> Instance:
    """Return the instance *name* as it is shown to users; *ready* is whether it may receive requests."""
    state = state_of(runtime, leaving=one.leaving, ready=ready)
    return Instance(
        id=name,
        service=one.service,
        release=one.release,
        state=state,
        since=runtime.record.since,
        pid=runtime.process.pid if runtime.process else None,
        address=None if one.port is None else f"{LOOPBACK}:{one.port}",
        restarts=runtime.record.restarts,
        early_exits=runtime.record.early_exits,
        done=runtime.record.done and not one.leaving,
        memory_bytes=runtime.memory_bytes,
        last_exit=runtime.record.last_exit,
        tail=runtime.tail if state in {"failed", "starting", "stopped"} else (),
        reasons=tuple(_reasons(runtime, state, one.port)),
    )


def _reasons(runtime: Runtime, state: InstanceState, port: int | None) -> Iterator[str]:
    """Yield why the instance is not ready: its failed probe, and where it listens instead of its address."""
    if runtime.probe and state in {"starting", "unready", "failed"}:
        yield runtime.probe
    elsewhere = runtime.listens_elsewhere
    if not elsewhere:
        return
    if any(place.endswith(f":{port}") for place in elsewhere.split(", ")):
        yield f"listens on {elsewhere}, which other machines may reach: let it listen on HOST, {LOOPBACK}"
    else:
        yield f"listens on {elsewhere}, but PORT is {port}"


def endings(desired: Desired, cut: Mapping[str, int]) -> dict[str, Endings]:
    """Return how instances ended, by revision; *cut* counts the requests in flight when their drains timed out."""
    killed, kept = desired.force_killed, desired.kept_files
    return {name: Endings(cut.get(name, 0), killed.get(name, 0), kept.get(name, 0)) for name in {*cut, *killed, *kept}}


def serving(desired: Desired, actual: Actual, problem: Note | None) -> TrafficStatus:
    """Return desired and *actual* traffic and preview, and the *problem* of the edge; None: it has none."""
    doors = _doors(desired)
    pending = desired.pending.then if desired.pending else ()
    traffic = actual.traffic
    return TrafficStatus(
        wanted=desired.traffic | end_of(pending),
        actual={service: traffic.get(service, {}) for service in {*traffic, *desired.traffic}},
        preview=desired.preview,
        previewed=dict(actual.preview),
        edge=desired.edge,
        maintenance=desired.maintenance,
        url=doors[0] if doors else "",
        doors=doors,
        listeners={service: f"{LOOPBACK}:{port}" for service, port in listeners(desired).items()},
        reverts_to=end_of(desired.lease.lease.then) if desired.lease else None,
        reverted=desired.reverted,
        pending=len(pending),
        problem=problem,
    )


def _doors(desired: Desired) -> tuple[str, ...]:
    edge = desired.edge
    if edge is None:
        return ()
    host = in_address(LOOPBACK if edge.address in {"0.0.0.0", "::"} else edge.address)
    first = edge.http or desired.ports.get("edge", 0)
    others = sorted({route.listen for route in edge.routes} - {0, first})
    https = edge.https_port(desired.ports)
    secure = (f"https://{host}:{https}",) if https else ()
    return secure + tuple(f"http://{host}:{port}" for port in (first, *others) if port)
