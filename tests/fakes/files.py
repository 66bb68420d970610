"""A target in memory whose artifacts are real files, as the process target makes them."""

from collections.abc import Collection

from mainstay.drivers.targets.preparation import Preparation, Presence
from mainstay.drivers.targets.process.host import Host
from mainstay.drivers.targets.process.storage import HostStorage
from mainstay.drivers.targets.retained import Retained
from mainstay.drivers.targets.target_facts import TargetFacts
from mainstay.drivers.world import World
from mainstay.model import Artifact, Source
from tests.fakes.target import FakeTarget


class TargetWithFiles(FakeTarget):
    """Prepares artifacts in the folders of `host`; builds are its jobs."""

    host: Host

    def facts(
        self, *, live: Collection[str] = (), sources: Collection[Source] = (), path: str | None = None
    ) -> TargetFacts:
        return HostStorage(self.host).facts(live, sources, path)

    def prune(self, kept: Retained) -> None:
        HostStorage(self.host).prune(kept)

    def data_left(self) -> Presence:
        return HostStorage(self.host).data_left()

    def remove(self) -> int:
        return HostStorage(self.host).remove()

    def prepare(self, artifact: Artifact, preparation: Preparation) -> str:
        return HostStorage(self.host).prepare(artifact, preparation, self)

    def prepared(self, artifact: Artifact, preparation: Preparation) -> Presence:
        return HostStorage(self.host).prepared(artifact, preparation, self)

    def discard(self, artifact: Artifact, preparation: Preparation) -> str:
        return HostStorage(self.host).discard(artifact, preparation, self)


def host_of(world: World) -> Host:
    """Return the host on which the files of *world* are."""
    return Host(world.environment, world.folders, world.shell, world.sealed, world.clock)
