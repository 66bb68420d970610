"""A wiring on fakes: one world for every environment, and secrets from where the test says."""

from dataclasses import dataclass

from mainstay.drivers.secrets.source import SecretSource
from mainstay.drivers.targets.target import Target
from mainstay.drivers.world import World
from mainstay.model import Environment
from mainstay.system.state_dir import Folders


@dataclass(frozen=True)
class FakeWiring:
    """Obeys `Wiring`."""

    made: World
    sources: tuple[SecretSource, ...] = ()

    def world(self, environment: Environment, folders: Folders) -> World:
        return self.made

    def target(self, environment: Environment, folders: Folders) -> Target:
        return self.made.target

    def secret_sources(self) -> tuple[SecretSource, ...]:
        return self.sources

    def datastore_versions(self, kind: str) -> tuple[str, ...]:
        return ()
