"""An artifact: what a service runs in, either built from a source tree, or an image."""

import msgspec


class Source(msgspec.Struct, frozen=True):
    """A folder (absolute); with `ref`, its git repository at that tag or branch."""

    folder: str
    ref: str = ""
    beside: tuple[tuple[str, str], ...] = ()
    """Pairs of a path inside the copy and the absolute folder that is copied there: files that services share."""
    apart: tuple[str, ...] = ()
    """Patterns of files in `folder` that Mainstay reads and the service does not, like the manifest. They are not
    copied, unless the folder's `.mainstayignore` includes them again (`!mainstay.yaml`)."""

    def __str__(self) -> str:
        return f"{self.folder}@{self.ref}" if self.ref else self.folder


class SourceTree(msgspec.Struct, frozen=True, tag="source_tree"):
    """The files of a service: `key` identifies the built files, `digest` the files as copied."""

    key: str
    digest: str
    source: Source
    build: tuple[tuple[str, ...], ...] = ()
    build_within_s: float = 600.0
    path: str = ""
    """The PATH of the release's processes, which is part of `key`."""
    python: str = ""
    """The interpreter whose folder comes first in the PATH of builds; empty: none."""
    reads: tuple[str, ...] = ()
    """Environment of a build besides PATH, as NAME=VALUE; contains no secrets."""
    user: str = ""
    check: tuple[str, ...] = ()
    """Programs (`command[0]` of its services) that `user` must be able to reach after the build."""
    files: int = 0
    left_out: int = 0


class Image(msgspec.Struct, frozen=True, tag="image"):
    """A container image: `reference` is its name and tag in a registry, `digest` identifies what it contains."""

    key: str
    reference: str
    digest: str


Artifact = SourceTree | Image
