"""A project: a folder with a manifest, and the context of the commands that are typed there."""

from pathlib import Path

from mainstay.drivers.secrets.settings_file import SettingsFile
from mainstay.drivers.secrets.source import SecretSource
from mainstay.drivers.world import World
from mainstay.operations.context import Context, Prompt
from tests.fakes.datastore import FakeDatastore
from tests.fakes.wiring import fake_wiring
from tests.fakes.world import fake_world
from tests.manifest.written import write

SHOP = """
system: shop
version: 1.0.0
environments: {local: {}, staging: {variables: {GREETING: {default: Welcome}}}}
variables:
  MODE: {one_of: [live, test]}
  REGION: {required: false}
  EVERY: {default: "300"}
  GREETING: {default: "Hello from {version}"}
  DATABASE_URL: {from: db}
  TOKEN: {secret: true, min_length: 5}
  SIGNING: {secret: true, generate: true}
  OPTIONAL: {required: false}
services:
  api: {command: [run], port: 8000, variables: [MODE, REGION, EVERY, GREETING, DATABASE_URL, TOKEN, SIGNING]}
datastores: {db: {kind: postgres, backup: none, because: a test}}
"""


class Project:
    """A project. `sources` provide secrets; `prompt` replaces the user at the terminal."""

    def __init__(self, folder: Path, text: str) -> None:
        self.world: World = fake_world(folder, datastores={"db": FakeDatastore()})
        self.file = write(folder, text)
        self.sources: tuple[SecretSource, ...] = ()
        self.prompt: Prompt | None = None

    @property
    def context(self) -> Context:
        folders = self.world.folders
        wiring = fake_wiring(self.world, self.sources)
        return Context(self.file, None, folders, wiring, self.prompt)

    def stored(self) -> dict[str, str]:
        """Return the stored values of plain variables."""
        return {name: each.value for name, each in SettingsFile(self.world.folders.settings).read().items()}
