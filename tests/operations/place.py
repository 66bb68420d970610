"""A folder with a manifest, and the context of commands that are typed there."""

from pathlib import Path

from mainstay.drivers.secrets.source import SecretSource
from mainstay.drivers.world import World
from mainstay.operations.context import Context
from tests.fakes.datastore import FakeDatastore
from tests.fakes.wiring import fake_wiring
from tests.fakes.world import fake_world
from tests.manifest.written import write


class Place:
    """`sources` are where secrets come from, `prompt` is the person at the terminal."""

    def __init__(self, folder: Path, text: str) -> None:
        self.world: World = fake_world(folder, datastores={"db": FakeDatastore()})
        self.file = write(folder, text)
        self.sources: tuple[SecretSource, ...] = ()
        self.prompt: SecretSource | None = None

    @property
    def context(self) -> Context:
        folders = self.world.folders
        wiring = fake_wiring(self.world, self.sources)
        return Context(self.file, None, str(folders.state), str(folders.keys), wiring, self.prompt)
