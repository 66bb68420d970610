"""Client of the supervisor's socket: sends requests, and starts the supervisor when it does not answer."""

import os
import socket
import struct
import subprocess
import sys
import time

import msgspec

from mainstay.drivers.machine import protocol
from mainstay.drivers.machine.protocol import Answer, Hello, Refused, Request, Welcome
from mainstay.drivers.machine.state.store import read_desired
from mainstay.errors import BadInput, FenceRefused, InternalPortTaken, MainstayError, PortTaken, StepFailed, Unreachable
from mainstay.system.log_lines import last_lines
from mainstay.system.state_dir import Folders
from mainstay.text.tail import last_words

LOOKS_WITHIN_S = 8.0
"""Seconds to wait for the answer to a read. When a hung supervisor sends none, the state is read from files instead."""
ANSWERS_WITHIN_S = 30.0
"""Seconds to wait for the answer to a request that changes something."""
STARTS_WITHIN_S = 20.0
"""Seconds for which `send_or_start` repeats a request that the supervisor does not answer."""
INHERITED = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "MAINSTAY_HAPROXY", "PYTHONDONTWRITEBYTECODE")
_ERRORS: dict[str, type[MainstayError]] = {
    kind.code: kind for kind in (BadInput, FenceRefused, InternalPortTaken, PortTaken, StepFailed, Unreachable)
}
_CREDENTIALS = struct.Struct("iii")
"""The pid, user id and group id of the peer process."""


class NoReply(Exception):
    """The supervisor does not answer at the socket, or its answer is incomplete."""


class Client:
    """Client of one environment's supervisor.

    Every request is idempotent, so a request that got no answer can be sent again.
    """

    def __init__(self, folders: Folders) -> None:
        self._folders = folders

    def send(self, request: Request, *, within: float = LOOKS_WITHIN_S) -> Answer:
        """Send *request* to the running supervisor and return its answer; wait *within* seconds for each message.

        Raises NoReply when the supervisor does not answer, BadInput when another user's process owns the socket, and,
        when the supervisor refuses the request, the error that its answer names.
        """
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(within)
                connection.connect(str(self._folders.supervisor_socket))
                self._refuse_foreign_peer(connection)
                welcome = _exchange(connection, Hello())
                if isinstance(welcome, Welcome) and welcome.reexecuting:
                    raise NoReply("the supervisor is restarting as a newer version")
                answer = _exchange(connection, request)
        except (OSError, EOFError, msgspec.DecodeError) as error:
            raise NoReply(str(error)) from error
        if isinstance(answer, Refused):
            kind = _ERRORS.get(answer.code, BadInput)
            raise kind(answer.what, remedy=answer.remedy, code=answer.code)
        return answer

    def _refuse_foreign_peer(self, connection: socket.socket) -> None:
        """Raise BadInput unless the peer is root, this user, or the owner of the state folder.

        Any user can create a socket outside the state folder.
        """
        peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        user = _CREDENTIALS.unpack(peer)[1]
        if user not in {0, os.geteuid(), self._folders.state.stat().st_uid}:
            place = self._folders.supervisor_socket
            raise BadInput(
                f"the socket {place} belongs to user id {user}",
                remedy=f"find out who created {place.parent}, then remove it",
            )

    def send_or_start(self, request: Request) -> Answer:
        """Send *request* and return the answer; start the supervisor when it is not running.

        Raises StateUnreadable when another version wrote the supervisor's state, Unreachable when the supervisor exits
        with an error or does not answer within STARTS_WITHIN_S, and the errors of `send` other than NoReply.
        """
        until = time.monotonic() + STARTS_WITHIN_S
        child: subprocess.Popen[bytes] | None = None
        while True:
            try:
                return self.send(request, within=ANSWERS_WITHIN_S)
            except NoReply as error:
                if time.monotonic() > until:
                    raise Unreachable(
                        f"the supervisor of {self._folders.state} does not answer: {error}",
                        remedy=f"read {self._folders.supervisor_log}",
                    ) from error
            if child is None or child.poll() is not None:
                self._refuse_failed(child)
                child = self._start()
            time.sleep(0.02)

    def _refuse_failed(self, child: subprocess.Popen[bytes] | None) -> None:
        """Raise StateUnreadable when the state is not readable, and Unreachable when *child* exited with an error.

        Otherwise the caller starts a supervisor: *child* was killed, or exited with 0 because another one was running.
        """
        if child is None:
            read_desired(self._folders.desired)
        elif child.returncode > 0:
            raise Unreachable(
                f"the supervisor of {self._folders.state} exited with code {child.returncode}"
                f"{last_words(last_lines(self._folders.supervisor_log))}",
                remedy=f"read {self._folders.supervisor_log}",
            )

    def _start(self) -> subprocess.Popen[bytes]:
        """Start a supervisor in its own session; it exits at once when another one already runs."""
        path = self._folders.supervisor_log
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600), "ab") as log:
            state, keys = str(self._folders.state), str(self._folders.keys)
            return subprocess.Popen(
                [sys.executable, "-m", "mainstay.drivers.machine.supervisor", "--state", state, "--keys", keys],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={name: os.environ[name] for name in INHERITED if name in os.environ},
                start_new_session=True,
            )


def _exchange(connection: socket.socket, request: Request) -> Answer:
    connection.sendall(protocol.to_line(request))
    with connection.makefile("rb") as file:
        answer = file.readline()
    if not answer.endswith(b"\n"):
        raise EOFError("it closed the connection in the middle of a reply")
    return protocol.answers.decode(answer)
