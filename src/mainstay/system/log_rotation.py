"""Log rotation in place: the oldest bytes of a full log are freed.

A service writes its log through a descriptor that no other process can replace. Copying the file and then truncating
it would lose the lines that are written in between. Freeing the oldest bytes changes neither the file's size nor any
line's offset, so that neither the service nor a reader is disturbed. `du` shows the space that such a file takes, `ls`
the number of bytes ever written to it.
"""

import errno
import logging
import os
from pathlib import Path

from mainstay.system.linux_calls import punch_hole

log = logging.getLogger(__name__)

MAX_BYTES = 100_000_000
"""A log that holds more bytes than this is full: `trim` frees its oldest ones."""
STEP_BYTES = 10_000_000
"""A full log keeps this many bytes less than MAX_BYTES, so that it is not full again after a few lines."""
_PAGE = 4096


def trim(path: Path) -> int:
    """Free the oldest bytes of the log *path* if it is full, and return the offset at which its data begins now.

    Where the file system cannot free a part of a file, the log is emptied and a warning is logged.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        size = os.fstat(descriptor).st_size
        if size - data_start(descriptor) > MAX_BYTES:
            _free(path, descriptor, (size - MAX_BYTES + STEP_BYTES) // _PAGE * _PAGE)
        return data_start(descriptor)
    finally:
        os.close(descriptor)


def data_start(descriptor: int) -> int:
    """Return the offset at which the data of a file begins; the bytes before it were freed."""
    try:
        return os.lseek(descriptor, 0, os.SEEK_DATA)
    except OSError as error:
        # ENXIO: the file is empty or only a hole. Any other error: the file system does not support holes.
        return os.fstat(descriptor).st_size if error.errno == errno.ENXIO else 0


def _free(path: Path, descriptor: int, length: int) -> None:
    try:
        punch_hole(descriptor, length)
    except OSError as error:
        if error.errno not in {errno.EOPNOTSUPP, errno.ENOSYS}:
            raise
        log.warning("%s has reached its limit and is emptied: this file system cannot free its beginning alone", path)
        os.ftruncate(descriptor, 0)
