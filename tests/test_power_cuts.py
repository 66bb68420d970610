"""Documents and keys of an environment after a power cut: each is synced before its writer continues."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mainstay.cli.context import WIRING
from mainstay.drivers.machine.state.desired import Desired
from mainstay.drivers.machine.state.store import write_desired
from mainstay.drivers.secrets.sealed_file import SealedFile
from mainstay.drivers.world import World
from mainstay.engine.engine import begin
from mainstay.history.signing import SigningKey
from mainstay.model import Secret
from mainstay.operations import plan
from mainstay.operations.context import Context, write_environment
from mainstay.system.state_dir import Folders
from tests.engine.items import Put, item_world, plan_of, runner_of
from tests.fakes.disk import Disk, synced_folders
from tests.fakes.journal import MemoryJournal
from tests.fakes.power import Power


def keep_environment(world: World) -> Path:
    write_environment(world.environment, world.folders)
    return world.folders.environment


def keep_plan(world: World) -> Path:
    made = plan_of((Put(name="a"),))
    plan.keep(made, Context(Path(), None, world.folders, WIRING))
    return world.folders.plans / f"{made.id}.json"


def keep_release(world: World) -> Path:
    made = plan_of((Put(name="a"),))
    begin(made, world, MemoryJournal(), runner_of(world))
    return world.folders.release(made.release.number) / "release.json"


def keep_desired(world: World) -> Path:
    write_desired(world.folders.desired, Desired(fence=3))
    return world.folders.desired


@pytest.mark.failure("F22")
@pytest.mark.parametrize("write", [keep_environment, keep_plan, keep_release, keep_desired])
def test_a_document_survives_a_power_cut_once_its_writer_continues(
    write: Callable[[World], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = item_world(tmp_path)
    world.folders.plans.mkdir(parents=True)
    disk = Disk(Power(), monkeypatch)
    path = write(world)
    assert disk.renamed == {path}
    assert disk.lost() == set()


@pytest.mark.failure("F22")
def test_the_folder_of_a_new_key_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = synced_folders(monkeypatch)
    SealedFile(tmp_path / "state" / "secrets.age", tmp_path / "keys" / "secrets.key").keep("TOKEN", Secret("hunter2"))
    SigningKey.of(Folders(tmp_path / "state", tmp_path / "other-keys"))
    assert synced.count(tmp_path) == 3
