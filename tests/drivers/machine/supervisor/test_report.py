"""What the supervisor reports about itself."""

import asyncio

import pytest
from msgspec.structs import replace

from mainstay.drivers.machine.state import transitions
from mainstay.drivers.machine.state.desired import Desired, DesiredInstance
from mainstay.drivers.machine.state.store import read_desired
from mainstay.drivers.machine.supervisor.report import running
from mainstay.drivers.machine.supervisor.supervisor import Supervisor
from mainstay.system.state_dir import Folders

VALID = Desired(fence=7, started=False)
BROKEN = replace(VALID, instances={"web-1-1": DesiredInstance("web", 1, 1)})
"""Its only instance belongs to no revision."""


async def _problems_after_a_pass(supervisor: Supervisor) -> list[str]:
    await supervisor._reconcile_or_retry()
    return [note.what for note in running(supervisor).notes if note.code == "desired-state-rejected"]


def test_an_invalid_next_state_is_reported_while_the_last_valid_one_stays(
    folders: Folders, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def passes() -> None:
        supervisor = Supervisor(folders)
        supervisor.state.keep(VALID)
        with monkeypatch.context() as patched:
            patched.setattr(transitions, "without_ended_revisions", lambda desired: BROKEN)
            for _ in range(2):
                (problem,) = await _problems_after_a_pass(supervisor)
                assert "the supervisor keeps its last valid desired state" in problem
                assert "instance web-1-1 belongs to no revision" in problem
            assert supervisor.state.desired == read_desired(folders.desired) == VALID
        assert await _problems_after_a_pass(supervisor) == []

    asyncio.run(passes())
    assert [record.levelname for record in caplog.records if "instance web-1-1" in record.message] == ["ERROR"]
