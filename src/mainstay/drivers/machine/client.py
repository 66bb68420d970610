"""The other end of the supervisor's socket: asks, and starts the supervisor where it does not answer."""

import os
import socket
import struct
import subprocess
import sys
import time

import msgspec

from mainstay.drivers.machine import protocol
from mainstay.drivers.machine.protocol import Answer, Hello, Refused, Request, Welcome
from mainstay.errors import BadInput, FenceRefused, InternalPortTaken, MainstayError, PortTaken, StepFailed, Unreachable
from mainstay.system.state_dir import Folders

LOOKS_WITHIN_S = 8.0
"""Who only looks is not kept waiting by a supervisor that stands still: the files tell too."""
ANSWERS_WITHIN_S = 30.0
STARTS_WITHIN_S = 20.0
INHERITED = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "MAINSTAY_HAPROXY", "PYTHONDONTWRITEBYTECODE")
_ERRORS: dict[str, type[MainstayError]] = {
    kind.code: kind for kind in (BadInput, FenceRefused, InternalPortTaken, PortTaken, StepFailed, Unreachable)
}
_CREDENTIALS = struct.Struct("iii")
"""Number, user and group of the process at the other end."""


class Silent(Exception):
    """Nobody answers at the socket, or the answer was torn."""


class Line:
    """Asks the supervisor of one environment. Every request names a state, so one that was torn is repeated."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders

    def ask(self, request: Request, *, within: float = LOOKS_WITHIN_S) -> Answer:
        """The answer of the supervisor that runs. Raises Silent where none does, else what it refused with."""
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(within)
                line.connect(str(self._folders.supervisor_socket))
                self._refuse_stranger(line)
                welcome = _say(line, Hello())
                if isinstance(welcome, Welcome) and welcome.reexecuting:
                    raise Silent("it becomes the newer program")
                answer = _say(line, request)
        except (OSError, EOFError, msgspec.DecodeError) as error:
            raise Silent(str(error)) from error
        if isinstance(answer, Refused):
            kind = _ERRORS.get(answer.code, BadInput)
            raise kind(answer.what, remedy=answer.remedy, code=answer.code)
        return answer

    def _refuse_stranger(self, line: socket.socket) -> None:
        """A socket outside the state may have been put there by anybody: only its owner, or root, is believed."""
        peer = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        user = _CREDENTIALS.unpack(peer)[1]
        if user not in {0, os.geteuid(), self._folders.state.stat().st_uid}:
            place = self._folders.supervisor_socket
            raise BadInput(f"user {user} answers at {place}", remedy=f"see who made {place.parent}, then remove it")

    def insist(self, request: Request) -> Answer:
        """The answer, from a supervisor that is started where none runs. Raises Unreachable when none comes."""
        until = time.monotonic() + STARTS_WITHIN_S
        child: subprocess.Popen[bytes] | None = None
        while True:
            try:
                return self.ask(request, within=ANSWERS_WITHIN_S)
            except Silent as error:
                if time.monotonic() > until:
                    raise Unreachable(
                        f"the supervisor of {self._folders.state} does not answer: {error}",
                        remedy=f"read {self._folders.supervisor_log}",
                    ) from error
            if child is None or child.poll() is not None:
                child = self._start()
            time.sleep(0.02)

    def _start(self) -> subprocess.Popen[bytes]:
        """A supervisor in a session of its own; where one runs already, it ends at once."""
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


def _say(line: socket.socket, request: Request) -> Answer:
    line.sendall(protocol.to_line(request))
    with line.makefile("rb") as file:
        answer = file.readline()
    if not answer.endswith(b"\n"):
        raise EOFError("it hung up in the middle of its answer")
    return protocol.answer_of(answer)
