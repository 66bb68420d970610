"""Wait until the instances of a service are ready, or until the surplus ones have stopped."""

from mainstay.drivers.world import RunWorld
from mainstay.errors import StepFailed
from mainstay.model import Members, Revision
from mainstay.steps.support.failure_text import failure_text, how_it_ended, logs_of, timeout_text
from mainstay.steps.support.fleet_state import count_ready, instances_of, leftover, limit
from mainstay.steps.support.step_figures import StepFigures
from mainstay.text.plural import counted

SLACK_S = 15.0
"""Seconds that a busy machine may take in addition to the time limits of a service."""


def await_ready(world: RunWorld, service: str, members: Members) -> str:
    """Wait until all *members* are ready. Return their number and the time in seconds as text.

    Raises StepFailed, with exit codes and last lines of output, when an instance fails or is not ready in time.
    """
    began = world.clock.monotonic()
    within = max((limit(member) for member in members.values()), default=0.0)
    wanted = sum(member.count for member in members.values())
    reported = -1

    def found() -> str | None:
        nonlocal reported
        instances = instances_of(world.target.fleet_status(), service)
        failed = [one for one in instances if one.state == "failed" and one.release in members]
        if failed:
            raise StepFailed(failure_text(world, failed[0]), remedy=logs_of(service, failed[0].release))
        took = world.clock.monotonic() - began
        ready_count = sum(min(count_ready(instances, release), member.count) for release, member in members.items())
        if ready_count == wanted:
            return f"{ready_count} of {wanted} ready after {took:.1f} s"
        if took >= within:
            slow = [release for release, member in members.items() if count_ready(instances, release) < member.count]
            raise StepFailed(timeout_text(world, service, instances, members), remedy=logs_of(service, *slow))
        if ready_count != reported:
            reported = ready_count
            world.progress(f"{ready_count} of {wanted} ready")
        return None

    return world.waiter.wait_until(found, within=within + SLACK_S, waiting_for=f"readiness of {service}")


def stop_surplus(world: RunWorld, service: str, members: Members, leaving: Members) -> str:
    """Set the fleet of *service* to *members*, and wait until no other instance is left.

    *leaving* are the members to stop; their drain and stop grace limit the wait. Return how long it took, and how the
    instances ended, as text. Raises StepFailed when an instance is left SLACK_S after that.
    """
    within = max((member.workload.drain_s + member.workload.stop_grace_s for member in leaving.values()), default=0.0)
    began = world.clock.monotonic()
    # This is read before any instance drains, because with a drain of 0 s connections are counted at once.
    before = world.target.fleet_status()
    world.target.set_fleet({service: members})
    # Files that an instance wrote into its own copy are moved after it has ended and before it disappears.
    copies = any(not member.workload.read_only for member in leaving.values())
    figures = StepFigures(world)

    def ended() -> bool:
        left = leftover(instances_of(world.target.fleet_status(), service, stopped=copies), members)
        if left:
            draining = sum(one.state == "draining" for one in left)
            figures.update(f"{counted(len(left), 'instance')} left, {draining} draining", result=str(len(left)))
        return not left

    world.waiter.wait_until(
        ended,
        within=within + SLACK_S,
        waiting_for=f"the end of {', '.join(str(Revision(service, release)) for release in leaving) or service}",
        remedy="mainstay resume",
    )
    how = how_it_ended({service: leaving}, before, world.target.fleet_status())
    return f"stopped in {world.clock.monotonic() - began:.1f} s{how}"
