"""Run the supervisor of one environment: `python -m mainstay.drivers.machine.supervisor --state DIR --keys DIR`."""

import argparse
import asyncio
import contextlib
import logging
import os
import resource
import signal
import sys
from pathlib import Path

from mainstay.drivers.machine.supervisor.server import SocketServer
from mainstay.drivers.machine.supervisor.supervisor import Supervisor
from mainstay.errors import MainstayError
from mainstay.system.atomic_file import make_folder
from mainstay.system.file_lock import try_lock
from mainstay.system.state_dir import Folders, create_folders

OOM_SCORE_ADJUSTMENT = "-900"
"""Lets the kernel's OOM killer end nearly every other process before the supervisor."""
MAX_OPEN_FILES = 65536
"""The limit of open files to which the supervisor raises its own limits; a service gets the same by default."""


def main() -> int:
    """Supervise until the environment is stopped or a signal arrives, and return the exit code.

    After a signal the instances keep running without a supervisor. Returns 0 at once when another supervisor holds the
    lock.
    """
    folders = _folders()
    os.umask(0o077)
    os.chdir("/")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _allow_open_files()
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write(OOM_SCORE_ADJUSTMENT)
    make_folder(folders.state)
    # Never closed: the lock is held until this process ends or becomes a newer program.
    if try_lock(folders.supervisor_lock) is None:
        return 0
    create_folders(folders)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.info("supervising %s, pid %d", folders.state, os.getpid())
    try:
        asyncio.run(_supervise(folders))
    except MainstayError as error:
        logging.error("%s", error)
        return error.exit_code
    return 0


async def _supervise(folders: Folders) -> None:
    supervisor = Supervisor(folders)
    server = await SocketServer(supervisor, _reexecute).open()
    reconciling = asyncio.create_task(supervisor.reconcile())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, reconciling.cancel)
    async with server:
        with contextlib.suppress(asyncio.CancelledError):
            await reconciling
    folders.supervisor_socket.unlink(missing_ok=True)


def _reexecute() -> None:
    """Execute the newer program on disk in this process, which stays the parent of its children.

    The new program reads all other state from files.
    """
    os.execv(sys.executable, [sys.executable, "-m", "mainstay.drivers.machine.supervisor", *sys.argv[1:]])


def _allow_open_files() -> None:
    """Raise the limits of open files to MAX_OPEN_FILES, or to the hard limit without the permission to raise it.

    A higher limit is kept. The hard limit is for services, whose stub sets both limits; the soft limit is the
    supervisor's own, which is often 1024. It is not raised further: some programs close every descriptor below it when
    they start.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < MAX_OPEN_FILES:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, MAX_OPEN_FILES))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    most = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _folders() -> Folders:
    words = argparse.ArgumentParser(prog="python -m mainstay.drivers.machine.supervisor")
    words.add_argument("--state", type=Path, required=True)
    words.add_argument("--keys", type=Path, required=True)
    options = words.parse_args()
    return Folders(options.state.absolute(), options.keys.absolute())


if __name__ == "__main__":
    sys.exit(main())
