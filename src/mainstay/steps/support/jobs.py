"""Jobs of a step: each has an id from the plan, and another id for each retry after an unknown outcome."""

from collections.abc import Iterator
from itertools import count, groupby

from mainstay.drivers.world import RunWorld, World
from mainstay.errors import StepFailed
from mainstay.model import Job, JobState

LAST_LINES = 10
TRIES = 3
"""Maximum number of attempts at a job whose outcome is unknown."""

SLACK_S = 10.0
"""Seconds that a target may take to end a job that has timed out."""


def attempts(world: World, identity: str) -> Iterator[str]:
    """Yield the ids of the attempts at *identity*, oldest first; the last is the current one."""
    for number in count(1):
        name = identity if number == 1 else f"{identity}-again-{number}"
        yield name
        if world.target.job_state(name).state != "lost":
            return


def current(world: World, identity: str) -> str:
    """Return the id of the current attempt, which runs, has ended, or was never started."""
    return [*attempts(world, identity)][-1]


def finish(world: RunWorld, job: Job, *, remedy: str = "") -> JobState:
    """Start *job* unless it was started before, and wait for its end.

    Return its state: it has exited with code 0, or its outcome is unknown (`lost`). Raises StepFailed with its last
    lines when it exited with another code.
    """
    world.target.start_job(job)

    def over() -> JobState | None:
        state = world.target.job_state(job.id)
        return state if state.state in {"ended", "lost"} else None

    state = world.waiter.wait_until(
        over, within=job.within_s + SLACK_S, waiting_for=f"the end of “{job.title}”", remedy=remedy
    )
    if state.state == "ended" and state.code != 0:
        raise StepFailed(f"“{job.title}” ended with {state.code}{last_words(state.tail)}", remedy=remedy)
    return state


def stop(world: RunWorld, identity: str) -> None:
    """Stop every attempt at *identity*."""
    for name in attempts(world, identity):
        if world.target.job_state(name).state != "none":
            world.target.stop_job(name)


def known(world: World, identity: str) -> bool:
    """Return whether the job *identity* was ever started."""
    return world.target.job_state(identity).state != "none"


def last_words(tail: tuple[str, ...]) -> str:
    """Return the last lines of *tail* as the end of a sentence; equal lines in a row become one."""
    folded = [(line, len(list(equal))) for line, equal in groupby(tail)][-LAST_LINES:]
    lines = (f"    {line}" + (f" … ({times} times)" if times > 1 else "") for line, times in folded)
    return "; its last lines:\n" + "\n".join(lines) if tail else ""
