"""A failed action does not prevent the others of the same pass."""

import asyncio
import errno
import os

import pytest
from msgspec.structs import replace

from mainstay.drivers.machine.state.decide import Action
from mainstay.drivers.machine.state.desired import Desired, DesiredInstance
from mainstay.drivers.machine.supervisor.supervisor import Supervisor
from mainstay.system.state_dir import Folders

ONE = DesiredInstance("web", 1, 1)
BROKEN = Desired(fence=7, started=False, instances={"web-1-1": ONE, "web-1-2": ONE})
"""Its instances belong to no revision."""


async def create(folders: Folders) -> Supervisor:
    return Supervisor(folders)


@pytest.mark.parametrize("disk_is_full", [True, False], ids=["full disk", "broken invariant"])
def test_a_full_disk_or_a_broken_invariant_in_one_action_does_not_prevent_the_others(
    disk_is_full: bool, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor = asyncio.run(create(folders))
    supervisor.state.desired = BROKEN
    killed: list[str] = []

    def start(*_: object) -> None:
        if disk_is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        supervisor.state.keep(replace(BROKEN, fence=8))

    monkeypatch.setattr(supervisor.instances, "start", start)
    monkeypatch.setattr(supervisor.instances, "kill", killed.append)
    actions = (Action("start", "web-1-1"), Action("kill", "web-1-2"), Action("kill", "web-1-9"))
    supervisor.actions.execute(actions)
    assert killed == ["web-1-2"]  # The last one no longer exists.
    assert supervisor.state.desired == BROKEN
