"""Jobs of a target: each has an id from the plan, and another id for each retry after an unknown outcome."""

from collections.abc import Callable, Iterator
from itertools import count

from mainstay.drivers.targets.target import RunTarget, Target
from mainstay.errors import StepFailed
from mainstay.model import Job, JobState
from mainstay.system.clock import Waiter
from mainstay.text.tail import last_words

TRIES = 3
"""Maximum number of attempts at a job whose outcome is unknown."""

SLACK_S = 10.0
"""Seconds that a target may take to end a job that has timed out."""


def attempts(target: Target, identity: str) -> Iterator[str]:
    """Yield the ids of the attempts at *identity*, oldest first; the last is the current one."""
    for number in count(1):
        name = identity if number == 1 else f"{identity}-again-{number}"
        yield name
        if target.job_state(name).state != "lost":
            return


def current(target: Target, identity: str) -> str:
    """Return the id of the current attempt, which runs, has ended, or was never started."""
    return [*attempts(target, identity)][-1]


def finish(target: RunTarget, waiter: Waiter, job: Job, *, remedy: str = "") -> JobState:
    """Start *job* unless it was started before, and wait for its end.

    Return its state: it has exited with code 0, or its outcome is unknown (`lost`). Raises StepFailed with its last
    lines when it exited with another code.
    """
    target.start_job(job)

    def ended_state() -> JobState | None:
        state = target.job_state(job.id)
        return state if state.state in {"ended", "lost"} else None

    state = waiter.wait_until(
        ended_state, within=job.within_s + SLACK_S, waiting_for=f"the end of “{job.title}”", remedy=remedy
    )
    if state.state == "ended" and state.code != 0:
        raise StepFailed(f"“{job.title}” ended with {state.code}{last_words(state.tail)}", remedy=remedy)
    return state


def finish_idempotent(target: RunTarget, waiter: Waiter, identity: str, job: Callable[[str], Job | None]) -> None:
    """Run the job that *job* returns for an id until it has succeeded; run it again when its outcome is unknown.

    Does nothing when *job* returns None. Raises StepFailed when the job fails, or after TRIES unknown outcomes.
    """
    for _ in range(TRIES):
        wanted = job(current(target, identity))
        if wanted is None or finish(target, waiter, wanted, remedy="mainstay deploy").state == "ended":
            return
    raise outcome_unknown(identity)


def outcome_unknown(what: str) -> StepFailed:
    """Return the error for *what*, whose job was lost TRIES times."""
    return StepFailed(f"the outcome of {what} is unknown: its job was lost {TRIES} times", remedy="mainstay deploy")


def stop(target: RunTarget, identity: str) -> None:
    """Stop every attempt at *identity*."""
    for name in attempts(target, identity):
        if known(target, name):
            target.stop_job(name)


def known(target: Target, identity: str) -> bool:
    """Return whether the job *identity* was ever started."""
    return target.job_state(identity).state != "none"
