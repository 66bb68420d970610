"""The supervisor's part of ACME: start the request for a certificate when it is due, and report failed attempts."""

import asyncio
import contextlib
import logging
import math
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec.structs import replace

from mainstay.drivers.edge.acme.attempt import Attempt, required_names
from mainstay.drivers.edge.acme.obtained import keep_failed, read_failed, read_obtained
from mainstay.drivers.edge.acme.renewal import FailedAttempts, Failure, next_attempt_at
from mainstay.model import Edge, Note
from mainstay.model.acme import CERTIFICATE_FAILED
from mainstay.system.atomic_file import make_folder
from mainstay.system.background_tasks import BackgroundTasks
from mainstay.system.state_dir import Folders

log = logging.getLogger(__name__)

TASK = "certificate"
WITHIN_S = 1800.0
"""Seconds after which a request is killed, in addition to the wait for the name servers (`dns.wait_s`)."""
EXPIRES_SOON_S = 7 * 86400.0
"""Below this many seconds of remaining validity, a failed request is reported as a problem instead of a note."""
COMMAND = (sys.executable, "-m", "mainstay.drivers.edge.acme")


class CertificateRenewer:
    """Requests the certificate of one environment's front door, one attempt at a time, each in a process of its own.

    An attempt neither blocks the supervisor nor makes it fail. If the supervisor is killed, the process finishes, and
    the next supervisor finds the certificate.
    """

    def __init__(
        self,
        folders: Folders,
        tasks: BackgroundTasks,
        wake: Callable[[], None] = lambda: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._folders = folders
        self._tasks = tasks
        self._wake = wake
        self._now = now
        self._path = folders.edge / "failed-requests.json"
        self._failed = read_failed(self._path)
        self._attempt: Attempt | None = None
        self._due = math.inf

    def tick(self, edge: Edge | None, *, serves: bool) -> None:
        """Start a request if a certificate is due for *edge*; called each second.

        *serves* is whether HAProxy serves *edge* and so can answer the authority's check; otherwise no request starts.
        A running request for a certificate that *edge* no longer needs is killed.
        """
        wanted = self._wanted(edge)
        if wanted != self._attempt:
            self.cancel()
            self._attempt = wanted
            self._read_due()
        if wanted is not None and serves and self._next_at() <= self._now() and not self._tasks.has(TASK):
            self._tasks.add(TASK, self._request(wanted))

    def cancel(self) -> None:
        """Kill the running request, if there is one."""
        self._tasks.cancel(TASK)

    def retry(self) -> None:
        """End the pause after a failed attempt, unless the authority demands it: the next `tick` tries again."""
        if self._failed and not _demanded(self._failed):
            self._failed = replace(self._failed, at=0.0)

    def note(self) -> Note | None:
        """Return why the last attempt failed; None when it did not fail, or when no ACME certificate is wanted."""
        failed = self._failed_attempts()
        if failed is None or self._attempt is None:
            return None
        left = self._seconds_left()
        have = (
            f"the previous one is used until {_time(self._now() + left)}"
            if left > 0
            else "there is none from the authority yet"
        )
        what = (
            f"the request for a certificate failed: {failed.last.what}; {have}; next attempt: {_time(self._next_at())}"
        )
        at_once = "once the cause is corrected, mainstay start to try at once"
        remedy = f"mainstay logs edge for more; {'the authority demands the pause' if _demanded(failed) else at_once}"
        return Note(CERTIFICATE_FAILED, what, remedy, level="problem" if left < EXPIRES_SOON_S else "note")

    def _wanted(self, edge: Edge | None) -> Attempt | None:
        if edge is None or edge.tls is None or edge.tls.acme is None or not edge.hosts:
            return None
        return Attempt(edge.tls.acme, required_names(edge.hosts), str(self._folders.state), str(self._folders.keys))

    def _read_due(self) -> None:
        self._due = math.inf if self._attempt is None else self._attempt.due_at()

    def _next_at(self) -> float:
        return next_attempt_at(self._due, self._failed_attempts(), self._now())

    def _failed_attempts(self) -> FailedAttempts | None:
        """Return the failed attempts for the current request; None if there are none, or only of another request."""
        same = self._failed is not None and self._attempt is not None and self._failed.request == self._attempt.id
        return self._failed if same else None

    def _seconds_left(self) -> float:
        obtained = read_obtained(self._folders.obtained)
        return obtained.certificate().ends - self._now() if obtained else 0.0

    async def _request(self, attempt: Attempt) -> None:
        failure = await _run(attempt, self._folders.logs / "edge" / "edge.out")
        before = self._failed_attempts()
        count = 1 + (before.count if before else 0)
        self._failed = None if failure is None else FailedAttempts(attempt.id, count, self._now(), failure)
        self._read_due()
        if failure:
            log.error("no certificate for %s: %s", ", ".join(attempt.names), failure.what)
        try:
            keep_failed(self._path, self._failed)
        except OSError as error:  # Without the file, a restarted supervisor only retries too early.
            log.error("the failed request could not be recorded: %s", error)
        self._wake()  # So that HAProxy gets a new certificate at once.


async def _run(attempt: Attempt, messages: Path) -> Failure | None:
    """Run the request in a process, and append its output to the log *messages*. Cancelling the task kills the process.

    Return why the request failed, or None when it succeeded.
    """
    within = WITHIN_S + (attempt.acme.dns.wait_s if attempt.acme.dns else 0.0)
    command = (*COMMAND, attempt.state)  # The program ignores the argument: it shows the environment in `ps`.
    pipe = asyncio.subprocess.PIPE
    try:
        make_folder(messages.parent, 0o700)
        with messages.open("ab") as log_file:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=pipe, stdout=pipe, stderr=log_file, start_new_session=True
            )
    except OSError as error:
        return Failure(f"the request could not be started: {error}")
    try:
        out, _ = await asyncio.wait_for(process.communicate(msgspec.json.encode(attempt)), within)
        return msgspec.json.decode(out, type=Failure | None)
    except TimeoutError:
        return Failure(f"the request did not end within {within:g} s")
    except msgspec.DecodeError:
        return Failure(f"the request ended with exit code {process.returncode} and wrote no reason")
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _demanded(failed: FailedAttempts) -> bool:
    """Return whether the authority itself demands the pause before the next attempt."""
    return failed.last.rate_limited or failed.last.retry_after_s > 0


def _time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
