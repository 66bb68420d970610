"""Prepare the folder trees from which services run: change their owner, seal, check, restore and remove them."""

import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from mainstay.system.atomic_file import move
from mainstay.system.users import is_root


def give(folder: Path, uid: int, gid: int) -> None:
    """Make the user *uid* the owner of *folder* and everything in it, to build there. Only root can.

    The top folder is changed last: until then the user cannot reach its contents and replace a folder by a link.
    """
    for path in reversed(list(_everything(folder))):
        os.lchown(path, uid, gid)


def seal(folder: Path) -> None:
    """Make *folder* read-only for services, and keep it readable.

    As root: everything then belongs to root, other users can read it and cannot write. Otherwise the write permission
    is removed for all users, the owner included.
    """
    root = is_root()
    for path in _everything(folder):
        if root:
            os.lchown(path, 0, 0)
        if path.is_symlink():
            continue
        mode = stat.S_IMODE(path.lstat().st_mode) & 0o777
        readable = 0o555 if path.is_dir() or mode & 0o100 else 0o444
        path.chmod((mode | readable) & ~0o022 if root else mode & ~0o222)


def inventory(folder: Path) -> bytes:
    """Return the paths of everything in *folder*, with each file's size and modification time, as JSON for `damaged`.

    This takes milliseconds for thousands of files; a digest of the contents would take seconds.
    """
    return msgspec.json.encode({str(path.relative_to(folder)): _traits(path) for path in _everything(folder)})


def damaged(folder: Path, kept: bytes) -> tuple[str, ...]:
    """Return the paths missing or changed in *folder* since `inventory` returned *kept*. Added files do not count."""
    before: dict[str, tuple[int, int]] = msgspec.json.decode(kept, type=dict[str, tuple[int, int]]) if kept else {}
    return tuple(name for name, traits in before.items() if _traits(folder / name) != traits)


def restore(folder: Path, copied: Path, names: Sequence[str]) -> bool:
    """Replace the paths *names* in *folder* by those in the copy *copied*, one by one, and return True.

    Instances may run in *folder* meanwhile. Return False and change nothing if *folder* does not exist, or if *copied*
    lacks one of the names: the build has created that file, so only another build can restore it.
    """
    if not folder.is_dir() or not all(os.path.lexists(copied / name) for name in names):
        return False
    for place, _, _ in os.walk(folder):
        os.chmod(place, 0o755)
    for name in sorted(names):  # A folder comes before what it contains.
        source, target = copied / name, folder / name
        is_folder = source.is_dir() and not source.is_symlink()
        if os.path.lexists(target) and is_folder != (target.is_dir() and not target.is_symlink()):
            remove(target)
        if is_folder:
            target.mkdir(exist_ok=True)
        else:
            move(source, target)
    return True


def _traits(path: Path) -> tuple[int, int]:
    """Return size and modification time (ns) of a file or link; -1, -1 if missing.

    A folder returns zeros, since added files change its modification time too.
    """
    try:
        found = path.lstat()
    except OSError:
        return -1, -1
    return (0, 0) if stat.S_ISDIR(found.st_mode) else (found.st_size, found.st_mtime_ns)


def remove(folder: Path) -> None:
    """Remove *folder* (or a file), sealed or not. Does nothing if it does not exist."""
    if not folder.is_dir():
        folder.unlink(missing_ok=True)
        return
    if not is_root():  # Root needs no permission, and a chmod follows a link that a build user has put there.
        for path, _, _ in os.walk(folder):
            os.chmod(path, 0o700)
    shutil.rmtree(folder)


def _everything(folder: Path) -> Iterator[Path]:
    yield folder
    for place, folders, files in os.walk(folder):
        yield from (Path(place) / name for name in [*folders, *files])
