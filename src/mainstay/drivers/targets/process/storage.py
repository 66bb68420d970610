"""The files of an environment on this machine: artifacts, facts about them, and their removal."""

from collections.abc import Collection

from mainstay.drivers.targets.preparation import Preparation, Presence
from mainstay.drivers.targets.process import cleanup
from mainstay.drivers.targets.process.artifacts import Content
from mainstay.drivers.targets.process.builds import Build
from mainstay.drivers.targets.process.facts import facts
from mainstay.drivers.targets.process.host import Host
from mainstay.drivers.targets.retained import Retained
from mainstay.drivers.targets.target import RunTarget, Target
from mainstay.drivers.targets.target_facts import TargetFacts
from mainstay.errors import StepFailed
from mainstay.model import Artifact, Image, Source, SourceTree


class HostStorage:
    """The operations on the environment's files on *host*. The supervisor takes part only in builds, which are jobs."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def prepare(self, artifact: Artifact, preparation: Preparation, run: RunTarget) -> str:
        if isinstance(artifact, Image):
            raise StepFailed(
                f"the process target runs no images: {artifact.reference} ({preparation.what})",
                remedy="write `source` instead of `image`, or deploy to an environment whose target runs images",
                code="image-unsupported",
            )
        return self._content(artifact, preparation, run).prepare(run)

    def prepared(self, artifact: Artifact, preparation: Preparation, target: Target) -> Presence:
        return "absent" if isinstance(artifact, Image) else self._content(artifact, preparation, target).prepared()

    def discard(self, artifact: Artifact, preparation: Preparation, run: RunTarget) -> str:
        return (
            "nothing was prepared"
            if isinstance(artifact, Image)
            else self._content(artifact, preparation, run).discard(run)
        )

    def facts(self, live: Collection[str], sources: Collection[Source], path: str | None) -> TargetFacts:
        return facts(self._host, live, sources, path)

    def prune(self, kept: Retained) -> None:
        cleanup.prune(self._host.folders, kept)

    def data_left(self) -> Presence:
        return cleanup.data_left(self._host)

    def remove(self) -> int:
        return cleanup.remove(self._host)

    def _content(self, tree: SourceTree, preparation: Preparation, target: Target) -> Content:
        return Content(self._host, tree, Build(self._host, tree, preparation, target))
