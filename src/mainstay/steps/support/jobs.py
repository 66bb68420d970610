"""Jobs of a step: each has an id from the plan, and a further one when nobody saw how it ended."""

from collections.abc import Iterator
from itertools import count, groupby

from mainstay.drivers.world import World
from mainstay.errors import StepFailed
from mainstay.model import Job, JobState

LAST_LINES = 10
TRIES = 3
"""How often a job whose end nobody saw is tried."""

SLACK_S = 10.0
"""What a target may take to end a job that has had its time."""


def attempts(world: World, identity: str) -> Iterator[str]:
    """The ids under which *identity* was tried, oldest first, and last the one that counts now."""
    for number in count(1):
        name = identity if number == 1 else f"{identity}-again-{number}"
        yield name
        if world.target.job_state(name).state != "lost":
            return


def current(world: World, identity: str) -> str:
    """The id that counts now: it runs, has ended, or was never heard of."""
    return [*attempts(world, identity)][-1]


def finish(world: World, job: Job, *, remedy: str = "") -> JobState:
    """Start *job* unless it is known, and wait for its end; it has ended with 0, or nobody saw it (`lost`).

    Raises StepFailed with its last lines when it ended otherwise.
    """
    world.target.job(world.fence, job)

    def over() -> JobState | None:
        state = world.target.job_state(job.id)
        return state if state.state in {"ended", "lost"} else None

    state = world.patience.until(
        over, within=job.within_s + SLACK_S, waiting_for=f"the end of “{job.title}”", remedy=remedy
    )
    if state.state == "ended" and state.code != 0:
        raise StepFailed(f"“{job.title}” ended with {state.code}{last_words(state.tail)}", remedy=remedy)
    return state


def stop(world: World, identity: str) -> None:
    """See that no attempt of *identity* runs any more."""
    for name in attempts(world, identity):
        if world.target.job_state(name).state != "none":
            world.target.stop_job(world.fence, name)


def known(world: World, identity: str) -> bool:
    """Whether *identity* was ever started."""
    return world.target.job_state(identity).state != "none"


def last_words(tail: tuple[str, ...]) -> str:
    """Return the last lines of something that ended, for the end of a sentence; equal ones in a row become one."""
    folded = [(line, len(list(equal))) for line, equal in groupby(tail)][-LAST_LINES:]
    lines = (f"    {line}" + (f" … ({times} times)" if times > 1 else "") for line, times in folded)
    return "; its last lines:\n" + "\n".join(lines) if tail else ""
