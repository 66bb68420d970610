"""Errors that are reported to the operator: what happened, the remedy, and the exit code."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file or on the command line; line and column count from 1."""

    file: str
    """The path of the file, or `argument 2` for an argument of a command."""
    line: int | None = None
    column: int | None = None
    path: str | None = None
    """The key at this position, such as `services.web.port`; None when the position has no key."""

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


class MainstayError(Exception):
    """An expected failure, printed with its remedy and without a traceback.

    `what` is the message, `remedy` what to type next, and `place` where the mistake is in a file, if it is in one.
    `code` is stable, so scripts may compare it. `exit_code` is the exit code of the command that fails.
    """

    exit_code = 1
    code = "failed"

    def __init__(self, what: str, *, remedy: str = "", place: Place | None = None, code: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.place = place
        self.code = code or self.code


class BadInput(MainstayError):
    """The command or the manifest is invalid; nothing was changed."""

    exit_code = 2
    code = "bad-input"


class StateUnreadable(BadInput):
    """A state file is damaged, or another version of Mainstay wrote it in another format. Nothing was changed."""

    code = "state-unreadable"

    def __init__(self, file: Path | str, why: str, state: Path | str) -> None:
        super().__init__(
            f"this version of Mainstay cannot read {file}, which another version wrote: {why}",
            remedy=f"mainstay down --data with the version that wrote it, or move {state} away",
        )


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in a manifest: what is wrong, the remedy, and the place."""

    code: str
    what: str
    remedy: str
    place: Place


class Mistakes(BadInput):
    """The input is invalid; the error lists every mistake, sorted by place. Nothing was changed."""

    code = "mistakes"

    def __init__(self, *mistakes: Mistake) -> None:
        first = mistakes[0]
        super().__init__(first.what, remedy=first.remedy, place=first.place, code=first.code)
        self.mistakes = mistakes


class ManifestInvalid(Mistakes):
    """The manifest is invalid; the error lists every mistake, sorted by place. Nothing was changed."""

    code = "manifest-invalid"


class InvariantBroken(MainstayError):
    """A bug in Mainstay: a document that it made, such as a plan, is invalid. The document was not stored."""

    exit_code = 70
    code = "invariant-broken"

    def __init__(self, document: str, broken: Iterable[str]) -> None:
        super().__init__(
            f"internal error: {document} is invalid: {'; '.join(broken)}", remedy="mainstay status, and report the bug"
        )


class NotReady(MainstayError):
    """The command was refused: a check failed, approval was declined, the plan is stale, or it is too late to undo.

    Nothing was changed, except that the live release may have been started first.
    """

    exit_code = 3
    code = "not-ready"


class FrontDoorLost(MainstayError):
    """The edge does not serve requests: it does not run or respond, or another program uses one of its ports."""

    code = "front-door-lost"


class FrontDoorTaken(FrontDoorLost):
    """The edge is down because another program uses one of its ports. A deploy with another port repairs the edge."""


class PortTaken(MainstayError):
    """Another program uses a port of the edge. Nothing was changed; the same command works once the port is free."""

    code = "port-taken"


class InternalPortTaken(PortTaken):
    """Another program uses a port that Mainstay chose and no manifest can change. Nothing was changed."""

    code = "internal-port-taken"


class LockHeld(MainstayError):
    """Another run holds the lock, or an unfinished run waits to be resumed. Nothing was changed."""

    exit_code = 4
    code = "lock-held"


class Parked(MainstayError):
    """The run stopped in a safe state; a person must decide how to continue."""

    exit_code = 5
    code = "parked"


class JournalCorrupt(Parked):
    """The journal was damaged or altered; no run continues from it."""

    code = "journal-corrupt"


class StepFailed(MainstayError):
    """A step failed, or the live release did not start. The engine undoes the run of a failed step, if it still can."""

    code = "step-failed"


class Unreachable(MainstayError):
    """A process or service does not respond; a retry may work."""

    code = "unreachable"


class FenceRefused(MainstayError):
    """The target refused this run, because a newer run has claimed it; this run must not change anything any more."""

    exit_code = 4
    code = "fence-refused"


class Interrupted(MainstayError):
    """A signal interrupted the command; its run, if any, can be resumed. The exit code is 128 + the signal's number."""

    code = "interrupted"
    exit_code = 130

    def __init__(self, what: str, *, signal: int = 2, remedy: str = "mainstay resume") -> None:
        super().__init__(what, remedy=remedy)
        self.exit_code = 128 + signal


class UndoRequested(MainstayError):
    """`abort` was requested for this run from another terminal; the engine undoes the run."""

    code = "undo-requested"
