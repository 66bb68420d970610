"""What one pass of the supervisor does although a part of it fails: a full disk, a HAProxy that takes no slots."""

import asyncio
import errno
import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from mainstay.drivers.machine.state.decide import Kill, Start
from mainstay.drivers.machine.state.lifecycle import Runtime
from mainstay.drivers.machine.supervisor.daemon import Daemon
from mainstay.system.state_dir import Folders, lay_out


@pytest.fixture
def daemon(tmp_path: Path) -> Daemon:
    folders = Folders(tmp_path / "state", tmp_path / "keys")
    lay_out(folders)
    return asyncio.run(_made(folders))


async def _made(folders: Folders) -> Daemon:
    return Daemon(folders)


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_an_action_that_meets_a_full_disk_does_not_end_the_pass(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[str] = []
    monkeypatch.setattr(daemon, "_reassign_taken_port", full)
    monkeypatch.setattr(daemon.instances, "kill", killed.append)
    for action in (Start("web-1-1"), Kill("web-1-2")):
        daemon._try(action)
    assert killed == ["web-1-2"]


def test_a_drain_begins_only_once_haproxy_has_taken_its_slots(daemon: Daemon) -> None:
    before = {"web-1-1": Runtime(), "web-1-2": Runtime(drain_since=3.0)}
    daemon.instances.runtimes.update(
        {name: replace(runtime, drain_since=5.0, drained=True) for name, runtime in before.items()}
    )
    daemon._postpone_drains(before)
    runtimes = daemon.instances.runtimes
    assert [(runtimes[name].drain_since, runtimes[name].drained) for name in before] == [(None, False), (5.0, True)]


def test_other_tasks_run_although_the_supervisor_is_woken_at_each_pass(daemon: Daemon) -> None:
    async def passes() -> bool:
        ran: list[bool] = []
        asyncio.get_running_loop().call_soon(ran.append, True)
        daemon._woken.set()
        await daemon._until(float("inf"))
        return bool(ran)

    assert asyncio.run(passes())
