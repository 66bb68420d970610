"""The client of the supervisor reports why no supervisor can run."""

from pathlib import Path

import pytest

from mainstay.drivers.machine import client
from mainstay.drivers.machine.client import Client
from mainstay.drivers.machine.protocol import StartAll
from mainstay.errors import StateUnreadable, Unreachable
from mainstay.system.state_dir import Folders, lay_out


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    folders = Folders(tmp_path / "state", tmp_path / "keys")
    lay_out(folders)
    return folders


def test_no_supervisor_is_started_on_the_state_of_another_version(folders: Folders) -> None:
    folders.desired.write_text('{"format": 1}')
    with pytest.raises(StateUnreadable, match=str(folders.desired)):
        Client(folders).insist(StartAll())
    assert not folders.supervisor_log.exists()


def test_a_supervisor_that_exits_with_an_error_is_started_once(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "STARTS_WITHIN_S", 600.0)
    folders.supervisor_socket.parent.mkdir(parents=True, exist_ok=True)
    folders.supervisor_socket.parent.chmod(0o777)
    with pytest.raises(Unreachable) as failed:
        Client(folders).insist(StartAll())
    assert f"the supervisor of {folders.state} exited with code 2; its last lines:" in failed.value.what
    assert f"{folders.supervisor_socket.parent} can be changed by other users" in failed.value.what
    assert failed.value.remedy == f"read {folders.supervisor_log}"
    assert folders.supervisor_log.read_text().count("supervising") == 1
