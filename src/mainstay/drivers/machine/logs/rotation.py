"""Logs that do not grow for ever: the oldest bytes of a full log are freed in place.

A service writes its log through a descriptor that nobody else can exchange. Copying the file away and then cutting it
would lose the lines that are written in between. Freeing the oldest bytes leaves the file its size and every line its
offset, so that neither the service nor a reader is disturbed. `du` shows what such a file takes, `ls` what was ever
written to it.
"""

import errno
import logging
import os
from pathlib import Path

from mainstay.drivers.machine.logs.times import data_start
from mainstay.system.linux_calls import punch_hole

log = logging.getLogger(__name__)

MOST_BYTES, STEP_BYTES = 100_000_000, 10_000_000
"""A log that has more than the first is cut to less than it by the second."""
_PAGE = 4096


def trim(path: Path) -> int:
    """Free the oldest bytes of a log that is full, and return where its data begins now.

    The log is emptied where the file system cannot free a part of a file; a warning says so.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        size = os.fstat(descriptor).st_size
        if size - data_start(descriptor) > MOST_BYTES:
            _free(path, descriptor, (size - MOST_BYTES + STEP_BYTES) // _PAGE * _PAGE)
        return data_start(descriptor)
    finally:
        os.close(descriptor)


def _free(path: Path, descriptor: int, length: int) -> None:
    try:
        punch_hole(descriptor, length)
    except OSError as error:
        if error.errno not in {errno.EOPNOTSUPP, errno.ENOSYS}:
            raise
        log.warning("%s has reached its limit and is emptied: this file system cannot free its beginning alone", path)
        os.ftruncate(descriptor, 0)
