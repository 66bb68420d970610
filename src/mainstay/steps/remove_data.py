"""Remove the data of a stopped environment. Its journal, settings, secrets and keys stay."""

from pathlib import Path

from mainstay.drivers.world import RunWorld, World
from mainstay.errors import StepFailed
from mainstay.steps.step import Look, Step
from mainstay.system import file_tree
from mainstay.system.atomic_file import move
from mainstay.system.state_dir import Folders
from mainstay.system.users import known, removal


class RemoveData(Step, frozen=True, kw_only=True, tag="remove_data"):
    """Remove data, releases and all that was made for them. A person has typed the environment's name to confirm it."""

    reversible = False

    @property
    def title(self) -> str:
        return "Remove data, releases and logs permanently"

    def do(self, world: RunWorld) -> str:
        there = [path for path in _everything(world.folders) if path.exists()]
        # Each path is renamed before it is removed, so that an interruption never leaves half of it under its name.
        for path in _everything(world.folders):
            gone = path.with_name(f"{path.name}.removed")
            file_tree.remove(gone)
            if path.exists():
                move(path, gone)
                file_tree.remove(gone)
        for user in _users(world):
            world.shell(removal(user))
        return f"{len(there)} removed; journal, settings, secrets and keys are kept"

    def look(self, world: World) -> Look:
        every = _everything(world.folders)
        if any(path.exists() for path in every):
            return Look.ABSENT
        left = any(path.with_name(f"{path.name}.removed").exists() for path in every)
        return Look.PARTIAL if left or _users(world) else Look.PRESENT

    def undo(self, world: RunWorld) -> str:
        raise StepFailed("removed data cannot be restored", remedy="mainstay up")


def _users(world: World) -> list[str]:
    """Return the system users that were added for this environment and still exist."""
    return [user for user in (world.environment.user, world.environment.datastore_user) if user and known(user)]


def _everything(folders: Folders) -> tuple[Path, ...]:
    return (
        folders.desired,
        folders.data,
        folders.volumes,
        folders.written,
        folders.releases,
        folders.contents,
        folders.instances,
        folders.jobs,
        folders.logs,
        folders.homes,
        folders.edge,
        folders.programs,
    )
