"""Run jobs at a target, and retry those whose outcome is unknown.

The first attempt at a job has the id from the plan, and each retry an id derived from it.
"""

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
"""Seconds after a job's time limit within which the target must have ended the job."""


def attempts(target: Target, identity: str) -> Iterator[str]:
    """Yield the ids of the attempts at the job *identity*, oldest first; the last is the current attempt."""
    for number in count(1):
        name = identity if number == 1 else f"{identity}-again-{number}"
        yield name
        if target.job_state(name).state != "lost":
            return


def current(target: Target, identity: str) -> str:
    """Return the id of the current attempt at the job *identity*: it runs, has ended, or was not started yet."""
    return [*attempts(target, identity)][-1]


def finish(target: RunTarget, waiter: Waiter, job: Job, *, remedy: str = "") -> JobState:
    """Start *job* unless it was started before, wait for its end, and return its state.

    The state is `ended` with exit code 0, or `lost`: the outcome is unknown. Raises StepFailed with the last lines of
    output after any other exit code, and when the job has not ended SLACK_S after its time limit.
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
    """Run the idempotent job *identity* until it succeeds; after an unknown outcome, run it again with another id.

    *job* returns the job for an id; None: there is nothing to do. Raises StepFailed when the job fails, and after TRIES
    unknown outcomes.
    """
    for _ in range(TRIES):
        wanted = job(current(target, identity))
        if wanted is None or finish(target, waiter, wanted, remedy="mainstay deploy").state == "ended":
            return
    raise outcome_unknown(identity)


def outcome_unknown(what: str) -> StepFailed:
    """Return the error for a job that was lost TRIES times; *what* names the job in the message."""
    return StepFailed(f"the outcome of {what} is unknown: its job was lost {TRIES} times", remedy="mainstay deploy")


def stop(target: RunTarget, identity: str) -> None:
    """Stop every attempt at the job *identity*."""
    for name in attempts(target, identity):
        if known(target, name):
            target.stop_job(name)


def known(target: Target, identity: str) -> bool:
    """Return whether the job *identity* was ever started."""
    return target.job_state(identity).state != "none"
