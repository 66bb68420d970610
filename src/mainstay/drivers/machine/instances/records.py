"""Read and write the record of an instance, the part of its state that survives when the supervisor is killed.

The record is a file in the instance's folder.
"""

import logging

import msgspec

from mainstay.drivers.machine.state.lifecycle import Record
from mainstay.system.atomic_file import atomic_write
from mainstay.system.process_runner import ProcessRunner

log = logging.getLogger(__name__)

NAME = "record"


def read_record(runner: ProcessRunner, name: str) -> Record:
    """Return the record of the instance *name*; an empty one when the file does not exist."""
    try:
        return msgspec.json.decode((runner.place(name) / NAME).read_bytes(), type=Record)
    except FileNotFoundError:
        return Record()


def write_record(runner: ProcessRunner, name: str, record: Record) -> None:
    """Write the record of the instance *name*, unless its folder is gone. If writing fails, only log the error."""
    folder = runner.place(name)
    if folder.is_dir():
        try:
            atomic_write(folder / NAME, msgspec.json.encode(record))
        except OSError as error:
            log.error("could not write the record of %s: %s", name, error)
