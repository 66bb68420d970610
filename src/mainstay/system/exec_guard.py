"""Runs one child and ends it, with its whole process group, when the process that asked for it has ended.

A program of its own, started as `python -I -S guard.py PID UID GID GROUPS -- COMMAND …`, because the kernel's
parent-death signal reaches neither grandchildren nor a child whose parent was a thread.
Only the standard library: it must start in a few milliseconds.
"""

import os
import select
import signal
import sys


def main(arguments: list[str]) -> int:
    """Run the command. Return its exit code, 128 + the signal that ended it, or 127 when it cannot be started."""
    split = arguments.index("--")
    watched, *user = arguments[:split]
    try:
        asker = os.pidfd_open(int(watched))
    except ProcessLookupError:
        return 1
    # A SIGTERM between the fork and the handler would end the guard and leave the child: it is delivered afterwards.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        _become(arguments[split + 1 :], *user)
    signal.signal(signal.SIGTERM, lambda *_: _kill(child))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    return _watch(child, asker)


def _become(command: list[str], uid: str, gid: str, groups: str) -> None:
    """Become the command, in a session of its own; never returns."""
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


def _watch(child: int, asker: int) -> int:
    """Wait until the child or the process that asked for it has ended; return the child's exit code."""
    ended = os.pidfd_open(child)
    ready, _, _ = select.select([asker, ended], [], [])
    # From here on the child is reaped: a handler that ran later could kill another process with its number.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    if ended not in ready:
        _kill(child)
    _, status = os.waitpid(child, 0)
    _kill_group(child)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _kill(child: int) -> None:
    # A child that has not made its own group yet is reached by its number only.
    _kill_group(child)
    os.kill(child, signal.SIGKILL)


def _kill_group(child: int) -> None:
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
