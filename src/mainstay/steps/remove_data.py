"""Remove data: what a laid-down environment has kept is gone, but its journal, its secrets and its keys."""

import shutil
from pathlib import Path

from mainstay.errors import StepFailed
from mainstay.folders import Folders
from mainstay.steps.step import Look, Step
from mainstay.world import World


class RemoveData(Step, frozen=True, kw_only=True, tag="remove_data"):
    """Data, releases and all that was made for them are gone. A person has typed the environment's name for it."""

    reversible = False

    @property
    def title(self) -> str:
        return "Remove data, releases and logs for ever"

    def do(self, world: World) -> str:
        there = [path for path in _everything(world.folders) if path.exists()]
        # Renamed first: what carries the old name is whole or gone, never half.
        for path in there:
            gone = path.with_name(f"{path.name}.removed")
            path.rename(gone)
            shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
        return f"{len(there)} removed; journal, secrets and keys are kept"

    def look(self, world: World) -> Look:
        there = [path.exists() for path in _everything(world.folders)]
        if not any(there):
            return Look.PRESENT
        return Look.ABSENT if all(there) else Look.PARTIAL

    def undo(self, world: World) -> str:
        raise StepFailed("what was removed is gone", remedy="mainstay up")


def _everything(folders: Folders) -> tuple[Path, ...]:
    return (
        folders.desired,
        folders.data,
        folders.volumes,
        folders.releases,
        folders.contents,
        folders.instances,
        folders.jobs,
        folders.logs,
        folders.homes,
        folders.edge,
        folders.programs,
    )
