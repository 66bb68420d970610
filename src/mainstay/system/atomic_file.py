"""Atomic writes and renames: a crash or a power cut leaves either the old file or the new one, never a partial one.

The start of every instance waits until `process_stub` has imported this module. So this module imports only what the
interpreter has loaded anyway.
"""

import os
from _thread import get_native_id


def atomic_write(path: str | os.PathLike[str], content: bytes, mode: int = 0o600) -> None:
    """Create or replace the file *path*, with permissions *mode*. When this returns, *content* is on the disk.

    Processes and threads may write the same file at the same time: the file has the content of the last to finish.
    """
    part = f"{os.fspath(path)}.{get_native_id()}.part"
    _remove(part)
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
        move(part, path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error
    finally:
        # Without this, every failed attempt would leave a partial file. After a success there is none to remove.
        _remove(part)


def _remove(path: str) -> None:
    """Remove a file that may be missing. A failure is not reported, since it would hide the error that led here."""
    try:  # noqa: SIM105 (the stub does not wait for an import of contextlib)
        os.unlink(path)
    except OSError:
        pass


def overwrite(path: str | os.PathLike[str], content: bytes) -> None:
    """Overwrite the existing file *path* in place with *content*, padded with spaces to the file's size.

    On a full disk this succeeds where `atomic_write` fails, since it needs no new block. A power cut may leave a
    partial write, so use it only for files that are not read after a reboot.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.pwrite(descriptor, content.ljust(os.fstat(descriptor).st_size), 0)
    finally:
        os.close(descriptor)


def move(old: str | os.PathLike[str], new: str | os.PathLike[str]) -> None:
    """Rename a file or a folder, replacing a file at *new*; the new name is on the disk when this returns.

    The content of a file is on the disk before it has its new name. The content of a folder is not synced.
    """
    sync(old)
    os.replace(old, new)
    sync(_parent(new))
    if _parent(old) != _parent(new):
        sync(_parent(old))


def make_folder(path: str | os.PathLike[str], mode: int = 0o777) -> None:
    """Create the folder *path* and its missing parents. When this returns, their names are on the disk.

    Existing folders are not changed. *mode* applies only to *path* itself; the umask applies.
    """
    if os.path.isdir(path):
        return
    make_folder(_parent(path))
    try:
        os.mkdir(path, mode)
    except FileExistsError:
        # Another process has created the folder, which is fine. A file or a dangling link is an error.
        if not os.path.isdir(path):
            raise
    sync(_parent(path))


def sync(path: str | os.PathLike[str]) -> None:
    """Wait until the content of the file *path*, or the names inside the folder *path*, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _parent(path: str | os.PathLike[str]) -> str:
    return os.path.dirname(os.fspath(path).rstrip("/")) or "."
