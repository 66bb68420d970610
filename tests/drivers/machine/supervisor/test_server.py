"""Requests at the supervisor's socket."""

import asyncio
import json
import os
import signal
import socket
import stat

import pytest
from msgspec.structs import replace

from mainstay.drivers.machine import protocol
from mainstay.drivers.machine.instances import jobs
from mainstay.drivers.machine.supervisor.server import SocketServer
from mainstay.drivers.machine.supervisor.supervisor import Supervisor
from mainstay.errors import PortTaken
from mainstay.model import Edge
from mainstay.system.file_lock import try_lock
from mainstay.system.state_dir import Folders
from tests.drivers.machine.machine import Machine, member, service, shell_job


def test_a_client_with_a_newer_protocol_makes_the_supervisor_reexecute(machine: Machine) -> None:
    (one,) = machine.start_fleet(member(service()))
    before = machine.supervisor()
    assert before is not None
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(machine.folders.supervisor_socket))
        connection.sendall(b'{"type":"hello","protocol":99}\n')
        assert json.loads(connection.recv(4096))["reexecuting"] is True
    machine.wait_until(lambda: machine.target.fleet_status().supervised, "the newer program")
    assert machine.supervisor() == before
    assert [(x.pid, x.state) for x in machine.instances_of(1)] == [(one.pid, "ready")]
    os.kill(one.pid or 0, signal.SIGTERM)
    machine.wait_until(lambda: machine.instances_of(1)[0].restarts == 1, "the restart")
    assert machine.last_exit().code == 0


def test_only_the_owner_can_open_the_socket(machine: Machine) -> None:
    machine.target.start()
    assert stat.S_IMODE(machine.folders.supervisor_socket.stat().st_mode) == 0o600


def test_an_invalid_request_is_refused_and_the_connection_stays_open(machine: Machine) -> None:
    machine.target.start()
    with socket.socket(socket.AF_UNIX) as connection, connection.makefile("rb") as replies:
        connection.connect(str(machine.folders.supervisor_socket))
        connection.sendall(b'nonsense\n{"type":"hello"}\n')
        assert json.loads(replies.readline())["type"] == "refused"
        assert json.loads(replies.readline())["type"] == "welcome"


@pytest.mark.failure("F61")
def test_an_edge_on_a_taken_port_is_refused_with_the_holder(machine: Machine) -> None:
    machine.target.start()
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"port {port} is taken by .*python.*pid {os.getpid()}"):
            machine.target.set_edge(Edge(http=port, address="127.0.0.1"))
    assert machine.target.traffic_status().edge is None


def test_a_job_that_does_not_start_in_time_to_be_stopped_is_reported_as_perhaps_running(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "STARTS_WITHIN_S", 0.05)
    job = shell_job("r-1-build", "sleep 60")
    place = folders.jobs / job.id
    place.mkdir(parents=True)
    lock = try_lock(place / "lock")  # As a stub does that has not recorded its pid yet.
    assert lock is not None

    async def stop() -> protocol.Answer:
        supervisor = Supervisor(folders)
        supervisor.state.keep(replace(supervisor.state.desired, fence=1, jobs={job.id: job}))
        answer = await SocketServer(supervisor, lambda: None)._answer_line(
            protocol.to_line(protocol.StopJob(1, job.id))
        )
        assert supervisor.state.desired.jobs == {}
        return answer

    answer = asyncio.run(stop())
    os.close(lock)
    what = "job r-1-build will not be started again, but it may still run: its process did not start within 0.05 s"
    assert answer == protocol.Refused("unreachable", what, "mainstay resume")
