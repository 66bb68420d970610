"""Remove data: what a laid-down environment has kept is gone, but its journal, its secrets and its keys."""

from pathlib import Path

from mainstay import content
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
        for path in _everything(world.folders):
            gone = path.with_name(f"{path.name}.removed")
            content.remove(gone)
            if path.exists():
                path.rename(gone)
                content.remove(gone)
        return f"{len(there)} removed; journal, secrets and keys are kept"

    def look(self, world: World) -> Look:
        every = _everything(world.folders)
        if any(path.exists() for path in every):
            return Look.ABSENT
        return Look.PARTIAL if any(path.with_name(f"{path.name}.removed").exists() for path in every) else Look.PRESENT

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
