"""Whether an environment sleeps, and how it is brought back with all that ran."""

from mainstay.errors import NotReady, StepFailed
from mainstay.operations.context import Context
from mainstay.operations.history import recorded
from mainstay.release import Running
from mainstay.targets import Target

LONGEST_START_S = 120.0


def refuse_when_asleep(context: Context) -> None:
    """Raises NotReady when it was laid down; wakes what merely lost its guard, for then nothing can be planned."""
    target = _target(context)
    if target is None or recorded(context).serving is None:
        return
    running = target.running()
    if not running.awake:
        raise NotReady("this environment is down", remedy="mainstay up", code="asleep")
    if not running.answers:
        bring_back(context)


def bring_back(context: Context) -> bool:
    """Let all run again that ran, and wait until it is ready; False where there was nothing to bring back.

    Raises StepFailed naming what does not come back.
    """
    target = _target(context)
    if target is None or recorded(context).serving is None:
        return False
    before = target.running()
    if before.awake and before.answers and not _missing(before):
        return False
    target.wake()
    world = context.wiring.world(context.kept(), context.folders)
    try:
        world.patience.until(
            lambda: not _missing(target.running()), within=LONGEST_START_S, waiting_for="all that ran before"
        )
    except StepFailed as late:
        missing = ", ".join(_missing(target.running()))
        raise StepFailed(f"{missing} did not come back", remedy="mainstay status") from late
    return True


def _target(context: Context) -> Target | None:
    environment = context.kept_or_none()
    return context.wiring.target(environment, context.folders) if environment else None


def _missing(running: Running) -> list[str]:
    """Services of which fewer are ready than are wanted."""
    return [
        service
        for service, members in running.wanted.items()
        if sum(one.service == service and one.state == "ready" for one in running.instances)
        < sum(member.count for member in members.values())
    ]
