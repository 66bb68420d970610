"""The client trusts only the owner of the state, and reports why no supervisor can run."""

import subprocess
import sys

import pytest

from mainstay.drivers.machine import client
from mainstay.drivers.machine.client import Client
from mainstay.drivers.machine.protocol import StartAll
from mainstay.errors import BadInput, StateUnreadable, Unreachable
from mainstay.system.state_dir import Folders
from tests.drivers.machine.machine import Machine, needs_root


def test_no_supervisor_is_started_on_the_state_of_another_version(folders: Folders) -> None:
    folders.desired.write_text('{"format": 1}')
    with pytest.raises(StateUnreadable, match=str(folders.desired)):
        Client(folders).send_or_start(StartAll())
    assert not folders.supervisor_log.exists()


def test_a_supervisor_that_exits_with_an_error_is_started_once(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "STARTS_WITHIN_S", 600.0)
    folders.supervisor_socket.parent.mkdir(parents=True, exist_ok=True)
    folders.supervisor_socket.parent.chmod(0o777)
    with pytest.raises(Unreachable) as failed:
        Client(folders).send_or_start(StartAll())
    assert f"the supervisor of {folders.state} exited with code 2; its last lines:" in failed.value.what
    assert f"{folders.supervisor_socket.parent} can be changed by other users" in failed.value.what
    assert failed.value.remedy == f"read {folders.supervisor_log}"
    assert folders.supervisor_log.read_text().count("supervising") == 1


@needs_root
@pytest.mark.root
@pytest.mark.threat("S19")
def test_a_socket_of_another_user_is_refused(machine: Machine) -> None:
    path = machine.folders.supervisor_socket
    path.parent.mkdir(parents=True)
    for folder in (machine.folders.state, path.parent):
        folder.chmod(0o777)
    program = (
        "import os,socket;s=socket.socket(socket.AF_UNIX);os.setgid(65534);os.setuid(65534)\n"
        f"s.bind({str(path)!r});os.chmod({str(path)!r},0o777);s.listen();print('listening',flush=True)\n"
        "s.accept()[0].recv(99)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "listening\n"
        try:
            with pytest.raises(BadInput, match="belongs to user id 65534"):
                machine.target.fleet_status()
        finally:
            other.kill()
    path.unlink()
