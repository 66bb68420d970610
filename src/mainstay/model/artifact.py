"""The source of a content: a folder or a repository's tag, and folders that are copied into it."""

import msgspec


class Source(msgspec.Struct, frozen=True):
    """An absolute folder; with `ref`, the files that the repository in it has at that tag or branch."""

    folder: str
    ref: str = ""
    beside: tuple[tuple[str, str], ...] = ()
    """Pairs of a path inside the copy and the absolute folder that is copied there: files that services share."""
    apart: tuple[str, ...] = ()
    """Patterns of files in `folder` that Mainstay reads and the service does not, like the manifest. They are not
    copied, unless the folder's `.mainstayignore` includes them again (`!mainstay.yaml`)."""

    def __str__(self) -> str:
        return f"{self.folder}@{self.ref}" if self.ref else self.folder
