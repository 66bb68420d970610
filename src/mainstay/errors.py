"""What an operator can meet: what happened, what to type next, and the exit code that says so."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file something stands; line and column count from 1."""

    file: str
    line: int | None = None
    column: int | None = None
    path: str | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


class MainstayError(Exception):
    """An expected failure: shown without a traceback, with its remedy.

    `code` is stable: scripts may compare it. `exit_code` follows the contract's list.
    """

    exit_code = 1
    code = "failed"

    def __init__(self, what: str, *, remedy: str = "", place: Place | None = None, code: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.place = place
        if code is not None:
            self.code = code


class BadInput(MainstayError):
    """The command or the manifest is invalid; nothing was changed."""

    exit_code = 2
    code = "bad-input"


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in a manifest: where, what was found, what to do."""

    code: str
    what: str
    remedy: str
    place: Place


class Mistakes(BadInput):
    """The input has mistakes, all of them, sorted by place. Nothing was changed."""

    code = "mistakes"

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        first = mistakes[0]
        super().__init__(first.what, remedy=first.remedy, place=first.place, code=first.code)
        self.mistakes = mistakes


class ManifestInvalid(Mistakes):
    """The manifest has mistakes, all of them, sorted by place. Nothing was changed."""

    code = "manifest-invalid"


class NotReady(MainstayError):
    """No-go, declined, or the plan is stale; nothing was touched."""

    exit_code = 3
    code = "not-ready"


class FrontDoorLost(MainstayError):
    """The edge does not serve: another program has its port, or HAProxy does not run or answer; nothing was changed."""

    code = "front-door-lost"


class FrontDoorTaken(FrontDoorLost):
    """The edge does not serve because another program has its port: a deploy with another port repairs it."""


class PortTaken(MainstayError):
    """Another program has a port of the edge; nothing was changed. Not bad input: once it is free, the same works."""

    code = "port-taken"


class InternalPortTaken(PortTaken):
    """Another program has a port that Mainstay chose, so that no manifest can change it; nothing was changed."""

    code = "internal-port-taken"


class LockHeld(MainstayError):
    """Another run holds the lock, or an unfinished one waits; nothing was touched."""

    exit_code = 4
    code = "lock-held"


class Parked(MainstayError):
    """The run stopped in a named, safe state: a person must decide."""

    exit_code = 5
    code = "parked"


class JournalCorrupt(Parked):
    """The journal is not what was written: nothing goes forward on its word."""

    code = "journal-corrupt"


class StepFailed(MainstayError):
    """A step could not bring about its state: the engine goes back."""

    code = "step-failed"


class Unreachable(MainstayError):
    """What should answer does not: trying again may work."""

    code = "unreachable"


class FenceRefused(MainstayError):
    """A newer run has claimed the target: this one must not touch it any more."""

    exit_code = 4
    code = "fence-refused"


class Interrupted(MainstayError):
    """A person or the machine asked to stop; the run is resumable.

    `signal` is the number that asked, so that the exit code is 128 + signal.
    """

    code = "interrupted"

    def __init__(self, what: str, *, signal: int = 2, remedy: str = "mainstay resume") -> None:
        super().__init__(what, remedy=remedy)
        self.signal = signal
        self.exit_code = 128 + signal


class TurnAsked(MainstayError):
    """`abort` was asked of this run from another terminal: the engine turns back."""

    code = "turn-asked"
