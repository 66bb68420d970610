"""The files of an environment on this machine: its artifacts."""

from mainstay.drivers.targets.process.artifacts import Content
from mainstay.drivers.targets.process.builds import Build
from mainstay.drivers.targets.process.host import Host
from mainstay.drivers.targets.target import Preparation, Prepared, RunTarget, Target
from mainstay.errors import StepFailed
from mainstay.model import Artifact, Image, SourceTree


class HostStorage:
    """What the process target does with the files of *host* itself, without the supervisor."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def prepare(self, artifact: Artifact, by: Preparation, run: RunTarget) -> str:
        if isinstance(artifact, Image):
            raise StepFailed(
                f"the process target runs no images: {artifact.reference} ({by.what})",
                remedy="write `source` instead of `image`, or deploy to an environment whose target runs images",
                code="image-unsupported",
            )
        return self._content(artifact, by, run).prepare(run)

    def prepared(self, artifact: Artifact, by: Preparation, target: Target) -> Prepared:
        return "absent" if isinstance(artifact, Image) else self._content(artifact, by, target).prepared()

    def discard(self, artifact: Artifact, by: Preparation, run: RunTarget) -> str:
        return "nothing was prepared" if isinstance(artifact, Image) else self._content(artifact, by, run).discard(run)

    def _content(self, tree: SourceTree, by: Preparation, target: Target) -> Content:
        return Content(self._host, tree, Build(self._host, tree, by, target))
