"""Run one command, and kill it with its process group when the process that requested it, PID, has ended.

This is a separate program, started as `python -I -S exec_guard.py PID UID GID GROUPS -- COMMAND …`, because the
kernel's parent-death signal does not reach grandchildren, and is tied to the parent's thread instead of its process.
It imports only the standard library, since it must start in a few milliseconds.
"""

import os
import select
import signal
import sys


def main(arguments: list[str]) -> int:
    """Run the command. Return its exit code, or 128 + the signal that ended it, or 127 if it cannot be started.

    Return 1, and start nothing, if the requesting process has already ended.
    """
    split = arguments.index("--")
    watched, *user = arguments[:split]
    try:
        asker = os.pidfd_open(int(watched))
    except ProcessLookupError:
        return 1
    # A SIGTERM between the fork and the handler would end the guard and leave the child running, so it is blocked
    # until the handler is installed.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        _become(arguments[split + 1 :], *user)
    signal.signal(signal.SIGTERM, lambda *_: _kill(child))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    return _watch(child, asker)


def _become(command: list[str], uid: str, gid: str, groups: str) -> None:
    """Execute the command in a new session, as the given user; never returns."""
    os.setsid()
    if uid != "-":
        os.setgroups([int(group) for group in groups.split(",") if group])
        os.setresgid(int(gid), int(gid), int(gid))
        os.setresuid(int(uid), int(uid), int(uid))
    try:
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    os._exit(127)


def _watch(child: int, asker: int) -> int:
    """Wait until the child or the requesting process ends, kill the child's group, and return the child's exit code."""
    ended = os.pidfd_open(child)
    ready, _, _ = select.select([asker, ended], [], [])
    # The child is reaped below: a SIGTERM handler that ran later could kill another process that got the same pid.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    if ended not in ready:
        _kill(child)
    _, status = os.waitpid(child, 0)
    _kill_group(child)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _kill(child: int) -> None:
    # A child that has not called setsid yet has no process group of its own, so it is killed by its pid too.
    _kill_group(child)
    os.kill(child, signal.SIGKILL)


def _kill_group(child: int) -> None:
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
