"""Where content comes from: a folder or a repository's tag, and folders that are copied beside it."""

import msgspec


class Source(msgspec.Struct, frozen=True):
    """A folder (absolute); with `ref`, what the repository in it has at that tag or branch."""

    folder: str
    ref: str = ""
    beside: tuple[tuple[str, str], ...] = ()
    """Places inside the copy, and the folders (absolute) that are copied there: what services share."""
    apart: tuple[str, ...] = ()
    """Patterns of files in `folder` that Mainstay reads and the service does not, like the manifest: not copied, unless
    its `.mainstayignore` includes them again (`!mainstay.yaml`)."""

    def __str__(self) -> str:
        return f"{self.folder}@{self.ref}" if self.ref else self.folder
