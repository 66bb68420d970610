"""A wiring on fakes: one world for every environment, and secrets from where the test says."""

from dataclasses import dataclass

from mainstay.folders import Folders
from mainstay.release import Environment
from mainstay.secrets import SecretSource
from mainstay.targets import Target
from mainstay.world import World


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
