"""The stub: starts one process in a session of its own, and records its pid and start time in a file, the note.

The supervisor runs `main` under `python -I -S`, with a `Launch` as JSON on descriptor 0 and the lock of the identity on
descriptor 3. This module imports only the standard library and `atomic_file`, because every start of an instance waits
for its imports. The stub becomes the instance by `exec`. For a job it stays, waits and records how the job ended.
"""

import errno
import json
import os
import resource
import signal
import time
from typing import Any, NoReturn

from mainstay.system.atomic_file import atomic_write, overwrite

LOCK = 3
RLIMIT_LOCKS = 10
"""The limit of file locks, which marks processes: Linux ignores it since 2.4. `resource` has no name for it."""
NOT_FOUND, NOT_ALLOWED, TOO_LONG = 127, 126, 124


def main() -> None:
    with os.fdopen(0, "rb", closefd=False) as sent:
        launch = json.load(sent)
    os.set_inheritable(LOCK, False)
    os.closerange(LOCK + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    os.umask(launch["umask"])
    _streams(launch)
    for group in launch.get("cgroups", ()):  # Missing when an older supervisor starts this newer stub.
        _write(group, str(os.getpid()))
    _mark(launch)
    _note(launch, "started", _whoami())
    if launch["stays"]:
        _stay(launch)
    _become(launch)


def _streams(launch: dict[str, Any]) -> None:
    stdin = os.memfd_create("stdin")
    os.pwrite(stdin, launch["stdin"].encode(), 0)  # The position stays 0, where the process reads.
    os.dup2(stdin if launch["stdin"] else os.open(os.devnull, os.O_RDONLY), 0)
    for descriptor, path in ((1, launch["out"]), (2, launch["err"])):
        log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        if launch["uid"] is not None:
            os.fchown(log, launch["uid"], launch["gid"])
        os.dup2(log, descriptor)


def _whoami() -> dict[str, Any]:
    with open("/proc/self/stat") as stat, open("/proc/sys/kernel/random/boot_id") as boot:
        ticks = int(stat.read().rpartition(")")[2].split()[19])
        return {"boot": boot.read().strip(), "pid": os.getpid(), "started": ticks}


def _stay(launch: dict[str, Any]) -> NoReturn:
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        _become(launch)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    late = []

    def too_long(*_: object) -> None:
        late.append(True)
        os.kill(child, signal.SIGKILL)  # The supervisor ends the processes that the child leaves behind.

    signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, max(0.001, launch["within_s"]))
    # Disarm the alarm before reaping the child: afterwards its pid may belong to another process.
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    signal.setitimer(signal.ITIMER_REAL, 0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    end = {"code": TOO_LONG if late else code if code >= 0 else 128 - code, "late": bool(late)}
    _note(launch, "exit", end | {"took_s": time.monotonic() - start})
    os._exit(0)


def _become(launch: dict[str, Any]) -> NoReturn:
    try:
        _limit(launch)
        if launch["uid"] is not None:
            os.setgroups(launch["groups"])
            os.setgid(launch["gid"])
            os.setuid(launch["uid"])
        os.chdir(launch["folder"])
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            if number < signal.SIGRTMIN:
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.execvpe(launch["command"][0], launch["command"], launch["environment"])
    except FileNotFoundError as error:
        _give_up(f"cannot start {launch['command'][0]} in {launch['folder']}: {error}", NOT_FOUND)
    except OSError as error:
        _give_up(f"cannot start {launch['command'][0]} in {launch['folder']}: {error}", NOT_ALLOWED)


def _mark(launch: dict[str, Any]) -> None:
    """Mark this process and all its descendants, so that the supervisor finds those that leave its session.

    Limits are inherited over every fork and exec. An environment variable would not do: nginx, Redis and others
    overwrite their environment with their title. Only the soft limit is set, so that a nested Mainstay may set its own.
    """
    if "mark" in launch:  # Missing when an older supervisor starts this newer stub.
        hard = resource.getrlimit(RLIMIT_LOCKS)[1]
        resource.setrlimit(RLIMIT_LOCKS, (launch["mark"], hard))


def _limit(launch: dict[str, Any]) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = launch["open_files"] if hard == resource.RLIM_INFINITY else min(launch["open_files"], hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _write("/proc/self/oom_score_adj", "0")


def _give_up(why: str, code: int) -> NoReturn:
    os.write(2, f"mainstay: {why}\n".encode(errors="replace"))
    os._exit(code)


def _write(path: str, text: str) -> None:
    try:
        with open(path, "w") as file:
            file.write(text)
    except OSError as error:
        os.write(2, f"mainstay: {error}\n".encode(errors="replace"))


def _note(launch: dict[str, Any], name: str, document: dict[str, Any]) -> None:
    path, content = os.path.join(launch["note"], name), json.dumps(document).encode()
    try:
        atomic_write(path, content)
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT} or not os.path.exists(path):
            raise
        overwrite(path, content)  # A service that ended must be restarted even when the disk is full.
