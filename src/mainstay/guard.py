"""Runs one child and ends it, with its whole group, when the process that asked for it is gone.

A program of its own, started as `python -I -S guard.py PID UID GID GROUPS -- COMMAND …`, because the kernel's
parent-death signal reaches neither grandchildren nor a child whose parent was a thread.
Only the standard library: it must start in a few milliseconds.
"""

import os
import select
import signal
import sys


def main(arguments: list[str]) -> int:
    """Run the command; answer its exit code, 128 + the signal that ended it, or 127 when it cannot be started."""
    split = arguments.index("--")
    watched, uid, gid, groups = arguments[:split]
    command = arguments[split + 1 :]
    try:
        asker = os.pidfd_open(int(watched))
    except ProcessLookupError:
        return 1
    child = os.fork()
    if child == 0:
        os.setsid()
        if uid != "-":
            os.setgroups([int(group) for group in groups.split(",") if group])
            os.setresgid(int(gid), int(gid), int(gid))
            os.setresuid(int(uid), int(uid), int(uid))
        try:
            os.execvp(command[0], command)
        except OSError as trouble:
            os.write(2, f"{command[0]}: {trouble.strerror}\n".encode())
            os._exit(127)
    ended = os.pidfd_open(child)
    signal.signal(signal.SIGTERM, lambda *_: _end(child))
    ready, _, _ = select.select([asker, ended], [], [])
    if ended not in ready:
        _end(child)
    _, status = os.waitpid(child, 0)
    _end(child)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _end(child: int) -> None:
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
