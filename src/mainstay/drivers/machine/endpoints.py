"""The addresses on which the processes of an environment listen, read from /proc and files. Starts no process."""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from mainstay.drivers.edge.haproxy.config.assets import BRIDGE_SOCKETS
from mainstay.drivers.machine.state.addresses import listeners
from mainstay.drivers.machine.state.desired import Desired, DesiredInstance, member_of
from mainstay.drivers.machine.state.store import read_desired
from mainstay.errors import Unreachable
from mainstay.model.endpoint import Endpoint, Reach
from mainstay.system.folder_content import children
from mainstay.system.open_sockets import OpenSocket, is_loopback, open_sockets, other_users_may_connect
from mainstay.system.ports import LOOPBACK, in_address
from mainstay.system.process_runner import ProcessRunner
from mainstay.system.state_dir import Folders

EDGE, SUPERVISOR = "edge", "supervisor"
_REACHES: tuple[Reach, ...] = ("other machines", "this machine", "owner")
_Label = tuple[str, str]
"""The fields `what` and `of` of an endpoint."""


def endpoints(folders: Folders) -> tuple[Endpoint, ...]:
    """Return every address on which a process of the environment listens, the most reachable first.

    Raises Unreachable when this user may not read which process listens on an address that the environment uses.
    """
    desired, sockets = read_desired(folders.desired), tuple(open_sockets())
    declared = dict(_declared(desired))
    _require_readable(sockets, {(address, port) for _, address, port in declared})
    owners = _owners(folders, sockets)
    found = {
        *(
            _endpoint(each, owners[each.pid], desired, declared)
            for each in sockets
            # The unix sockets of HAProxy and of the supervisor are found by their files instead: the kernel keeps the
            # first name of a socket, and HAProxy renames its own.
            if each.pid in owners and (each.port or owners[each.pid] not in (EDGE, SUPERVISOR))
        ),
        *_own_sockets(folders, sockets),
    }
    return tuple(sorted(found, key=lambda each: (_REACHES.index(each.reach), each.of, each.what, each.address)))


def _require_readable(sockets: Iterable[OpenSocket], declared: Collection[tuple[str, int]]) -> None:
    for each in sockets:
        if each.pid is None and (each.place, each.port) in declared:
            raise Unreachable(
                f"this user may not read which process listens on {each.place}:{each.port}",
                remedy="run the command as the user that runs the environment; a container needs SYS_PTRACE for it",
            )


def _owners(folders: Folders, sockets: Iterable[OpenSocket]) -> dict[int | None, str]:
    """Return what each process of the environment belongs to, by pid: an instance, a job, `edge` or `supervisor`."""
    pids = {each.pid for each in sockets if each.pid is not None}
    control = str(folders.supervisor_socket)
    owners: dict[int | None, str] = {each.pid: SUPERVISOR for each in sockets if each.place == control}
    owners.pop(None, None)
    for folder in (folders.instances, folders.jobs):
        owners.update(ProcessRunner(folder).identities(pids).items())
    return owners


def _declared(desired: Desired) -> Iterator[tuple[tuple[str, str, int], _Label]]:
    """Yield each address that Mainstay or the manifest chose, as (owner, IP address, port), and its label."""
    edge, ports = desired.edge, desired.ports
    if edge is not None:
        for port in {*edge.ports, ports.get("edge", 0), ports.get("edge-https", 0)}:
            yield (EDGE, edge.address, port), ("front door", EDGE)
    for service, port in listeners(desired).items():
        yield (EDGE, LOOPBACK, port), ("internal address", service)
    for name, one in desired.instances.items():
        if one.port is not None:
            yield (name, LOOPBACK, one.port), _label(name, one, desired)


def _endpoint(
    found: OpenSocket, owner: str, desired: Desired, declared: dict[tuple[str, str, int], _Label]
) -> Endpoint:
    if found.protocol == "unix":
        reach: Reach = "this machine" if other_users_may_connect(found.place) else "owner"
        return Endpoint(found.place, "unix", *_owner_label(owner, desired), reach)
    label = declared.get((owner, found.place, found.port)) if found.protocol == "tcp" else None
    return Endpoint(
        f"{in_address(found.place)}:{found.port}",
        found.protocol,
        *(label or _owner_label(owner, desired)),
        "this machine" if is_loopback(found.place) else "other machines",
        declared=label is not None,
    )


def _owner_label(owner: str, desired: Desired) -> _Label:
    if owner in (EDGE, SUPERVISOR):
        return "socket", owner
    one = desired.instances.get(owner)
    return _label(owner, one, desired) if one else ("job", owner)


def _label(name: str, one: DesiredInstance, desired: Desired) -> _Label:
    return ("datastore", one.service) if member_of(desired, one).workload.datastore else ("instance", name)


def _own_sockets(folders: Folders, sockets: Iterable[OpenSocket]) -> Iterator[Endpoint]:
    """Yield the unix sockets of HAProxy and of the supervisor at which a process listens."""
    open_places = [each.place for each in sockets if each.protocol == "unix"]
    labels = {
        folders.supervisor_socket: ("control socket", SUPERVISOR),
        folders.access_log_socket: ("access log", SUPERVISOR),
        folders.preview_socket: ("preview door", EDGE),
    }
    for path in filter(Path.is_socket, children(folders.sockets)):
        # HAProxy binds its sockets to `NAME.PID.tmp`, and then renames them.
        if any(place == str(path) or place.startswith(f"{path}.") for place in open_places):
            reach: Reach = "this machine" if other_users_may_connect(str(path)) else "owner"
            what = "bridge" if path.match(BRIDGE_SOCKETS) else "control socket"
            yield Endpoint(str(path), "unix", *labels.get(path, (what, EDGE)), reach)
