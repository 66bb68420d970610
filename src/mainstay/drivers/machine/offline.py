"""The state of an environment whose supervisor is not running, read from files and /proc. Starts no process."""

import asyncio

from msgspec.structs import replace

from mainstay.drivers.edge.haproxy import problems
from mainstay.drivers.edge.haproxy.certificate_files import read_all, read_authority
from mainstay.drivers.edge.haproxy.proxy import Proxy
from mainstay.drivers.edge.haproxy.runtime_api import NotAnswering
from mainstay.drivers.edge.haproxy.slots import Actual
from mainstay.drivers.machine.instances import jobs
from mainstay.drivers.machine.instances.records import read_record
from mainstay.drivers.machine.logs.files import tail
from mainstay.drivers.machine.state.desired import Desired, DesiredInstance
from mainstay.drivers.machine.state.lifecycle import Runtime
from mainstay.drivers.machine.state.store import read_desired
from mainstay.drivers.machine.supervisor import views
from mainstay.errors import BadInput, PortTaken, Unreachable
from mainstay.model import Edge, FleetStatus, Instance, JobState, Note, TrafficStatus
from mainstay.system import listeners
from mainstay.system.process_runner import ProcessRunner
from mainstay.system.state_dir import Folders

NOT_SUPERVISED = Note(
    "supervisor-stopped",
    "the supervisor is not running, so crashed instances are not restarted",
    "mainstay start",
)


def fleet_status(folders: Folders) -> FleetStatus:
    """Return the desired fleet and the instances, read without the supervisor.

    A running instance counts as ready if its record, which the last supervisor wrote, marks it as steady.
    """
    desired, runner = read_desired(folders.desired), ProcessRunner(folders.instances)
    started = (desired.started and folders.desired.exists()) or Proxy(folders, runner).process.running() is not None
    instances = tuple(_instance(folders, runner, name, one) for name, one in desired.instances.items())
    return FleetStatus(
        desired.fleet,
        instances,
        started,
        supervised=False,
        notes=(NOT_SUPERVISED,),
        endings=views.endings(desired, {}),
        kept_in=str(folders.written),
    )


def traffic_status(folders: Folders) -> TrafficStatus:
    """Return desired traffic, the actual traffic of a running HAProxy, and the problem of the edge, if any."""
    desired = read_desired(folders.desired)
    proxy = Proxy(folders, ProcessRunner(folders.instances))
    actual, found = asyncio.run(_actual(proxy))
    if desired.started and desired.edge is not None and proxy.process.running() is None:
        found = _why_stopped(proxy, desired.edge, desired)
    return views.serving(desired, actual, found)


def job_state(folders: Folders, identity: str) -> JobState:
    """Return the job's state. A requested job that has not started counts as running: the next supervisor starts it."""
    return jobs.state_of(ProcessRunner(folders.jobs), identity, identity in read_desired(folders.desired).jobs)


def require_free_ports(wanted: Edge, doors: tuple[str, ...]) -> None:
    """Raise PortTaken, naming the holder, when another program uses a port of *wanted*.

    *doors* are the URLs at which the environment itself listens now. Raises BadInput when a certificate file that
    *wanted* names cannot be used.
    """
    read_all(wanted)
    if wanted.tls and wanted.tls.acme and wanted.tls.acme.ca:
        read_authority(wanted.tls.acme.ca)
    ours = {int(door.rpartition(":")[2]) for door in doors}
    listeners.require_free_ports(wanted.ports - ours, wanted.address)


def _instance(folders: Folders, runner: ProcessRunner, name: str, one: DesiredInstance) -> Instance:
    process, record = runner.alive(name), read_record(runner, name)
    ended = tail(folders.logs / one.service, name) if process is None else ()
    runtime = Runtime(record=record, process=process, answers=record.steady, tail=ended)
    found = views.instance(name, one, runtime, ready=process is not None and record.steady)
    if process is None and not record.failed and not one.leaving:
        return replace(found, state="stopped", address=None)
    return found


async def _actual(proxy: Proxy) -> tuple[Actual, Note | None]:
    process = proxy.process.running()
    try:
        return await proxy.actual(), None
    except NotAnswering:
        if process is None:
            return Actual(), None
        pids = proxy.process.stopped_pids() or (process.pid,)
        return Actual(), problems.not_answering(pids, supervised=False)
    except (Unreachable, OSError):
        return Actual(), None


def _why_stopped(proxy: Proxy, edge: Edge, desired: Desired) -> Note:
    """Return why HAProxy is not running: another program has its port, or no supervisor has started it."""
    try:
        if edge.http or "edge" in desired.ports:
            proxy.require_free_ports(edge, desired.ports, desired.slots)
    except (BadInput, PortTaken) as taken:
        return problems.of(taken)
    return problems.NOT_RUNNING
