"""Copy a source into a folder, or measure what a copy would contain."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mainstay.errors import BadInput
from mainstay.model.artifact import Source
from mainstay.system import file_tree
from mainstay.system.command import Shell
from mainstay.system.folder_content import Measured


def measure(source: Source, shell: Shell) -> Measured:
    """Return the digest of what a copy of *source* would contain, and the numbers of files copied and left out."""
    with _tree(source, shell) as (folder, ignoring):
        return file_tree.measure(folder, ignoring=ignoring, apart=source.apart)


def copy(source: Source, to: Path, shell: Shell) -> None:
    """Copy *source* to the new folder *to*."""
    with _tree(source, shell) as (folder, ignoring):
        file_tree.copy(folder, to, ignoring=ignoring, apart=source.apart)


@contextmanager
def _tree(source: Source, shell: Shell) -> Iterator[tuple[Path, bool]]:
    """Yield the folder with the files of *source*, and whether the caller must apply its ignore files.

    False for a git `ref`, since all its tracked files are copied, and for a temporary copy, which has no ignored files.
    """
    if not source.ref and not source.beside:
        yield Path(source.folder), True
        return
    with tempfile.TemporaryDirectory(prefix="mainstay-") as place:
        whole = Path(place) / "tree"
        if source.ref:
            _take_out(source, Path(place) / "tree.tar", whole, shell)
            file_tree.remove_own(whole, source.apart)
        else:
            file_tree.copy(Path(source.folder), whole, apart=source.apart)
        for inside, folder in source.beside:
            if (whole / inside).exists():
                raise BadInput(
                    f"{source} already contains {inside}, so {folder} cannot be copied there",
                    remedy="choose another path in `source: {with: …}`",
                    code="place-taken",
                )
            file_tree.copy(Path(folder), whole / inside)
        yield whole, False


def _take_out(source: Source, tar: Path, to: Path, shell: Shell) -> None:
    # Without safe.directory git refuses to read a checkout that belongs to another user. It is only read here.
    git = ["git", "-c", f"safe.directory={source.folder}", "-C", source.folder]
    to.mkdir()
    for command in (
        [*git, "archive", "--format=tar", f"--output={tar}", source.ref],
        # tarfile extracts safely only since Python 3.11.4, and Debian 12 has an older one.
        ["tar", "--extract", f"--file={tar}", f"--directory={to}"],
    ):
        result = shell(command)
        if result.code != 0:
            raise BadInput(
                f"cannot extract {source.ref} from {source.folder}: {result.err.strip()}",
                remedy=f"git -C {source.folder} tag --list",
                code="source-missing",
            )
