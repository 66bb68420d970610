"""An artifact: the files that a service runs, either a copied and built source tree, or a container image."""

import msgspec


class Source(msgspec.Struct, frozen=True):
    """Where the files of an artifact come from: an absolute folder, or a tag or branch of a git repository."""

    folder: str
    ref: str = ""
    """The tag or branch of the repository `folder`; empty: the files of `folder` as they are."""
    beside: tuple[tuple[str, str], ...] = ()
    """Pairs of a path inside the copy and the absolute folder that is copied there: files that services share."""
    apart: tuple[str, ...] = ()
    """Patterns of files in `folder` that only Mainstay reads, like the manifest. Matching files are not copied, unless
    the folder's `.mainstayignore` includes them again (`!mainstay.yaml`)."""

    def __str__(self) -> str:
        return f"{self.folder}@{self.ref}" if self.ref else self.folder


class SourceTree(msgspec.Struct, frozen=True, tag="source_tree"):
    """A copied and built source tree. `key` identifies its files after the build, `digest` those before it."""

    key: str
    digest: str
    source: Source
    build: tuple[tuple[str, ...], ...] = ()
    """The commands that build the copied files, in order."""
    build_within_s: float = 600.0
    path: str = ""
    """The PATH of the release's processes, which is part of `key`."""
    python: str = ""
    """The interpreter whose folder comes first in the PATH of builds; empty: none."""
    reads: tuple[str, ...] = ()
    """Further variables of builds, such as LANG, as NAME=VALUE; none is secret."""
    user: str = ""
    """The system user that runs the programs; empty: the user that runs Mainstay."""
    check: tuple[str, ...] = ()
    """Programs (`command[0]` of its services) that `user` must be able to reach after the build."""
    files: int = 0
    """The number of files that are copied."""
    left_out: int = 0
    """The number of files that are not copied, because of `.gitignore` or `.mainstayignore`."""


class Image(msgspec.Struct, frozen=True, tag="image"):
    """A container image: `reference` is its name and tag in a registry, `digest` identifies what it contains."""

    key: str
    reference: str
    digest: str


Artifact = SourceTree | Image
