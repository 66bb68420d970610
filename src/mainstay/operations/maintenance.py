"""`maintenance`: take the system out of service at its front doors, or put it back into service."""

from typing import NamedTuple

from mainstay.drivers.targets.target import Target
from mainstay.errors import BadInput
from mainstay.model.maintenance import Maintenance
from mainstay.operations.context import Context
from mainstay.system.clock import Clock, Waiter
from mainstay.system.users import person

WITHIN_S = 30.0


def maintenance(context: Context) -> Maintenance | None:
    """Return the maintenance that is on; None when it is off. Raises BadInput when nothing was deployed here yet."""
    return context.target(context.stored()).traffic_status().maintenance


class TurnedOn(NamedTuple):
    """Maintenance that a command turned on."""

    maintenance: Maintenance
    already: bool
    """Whether maintenance was on before the command, which then replaced only the message and the networks."""
    message_hidden: bool = False
    """Whether there is a message that no client gets, because the manifest has a page of its own for 503."""


def maintenance_on(context: Context, clock: Clock, *, message: str, allow: tuple[str, ...]) -> TurnedOn:
    """Turn maintenance on, and return it once the edge applies it.

    Clients in the networks *allow* are served as usual. If maintenance is on already, the time and the user of its
    beginning are kept, and *message* and *allow* replace the previous ones.
    Does not wait for the edge of a stopped environment. Raises BadInput when nothing was deployed here yet or there is
    no front door, and StepFailed when the edge does not apply it within `WITHIN_S` seconds.
    """
    target = context.target(context.stored())
    serving = target.traffic_status()
    if serving.edge is None:
        what = "the environment has no front door, so nothing can be taken out of service"
        raise BadInput(what, remedy="mainstay down stops its services", code="no-edge")
    by, since = person(), clock.now().isoformat(timespec="seconds")
    if before := serving.maintenance:
        by, since = before.by, before.since
    wanted = Maintenance(message, allow, by, since)
    _set(target, clock, wanted)
    own_page = any(page.status == 503 for page in serving.edge.pages)
    return TurnedOn(wanted, before is not None, bool(message) and own_page)


def maintenance_off(context: Context, clock: Clock) -> Maintenance | None:
    """Turn maintenance off, and return the maintenance that was on; None when it was off already.

    Raises BadInput when nothing was deployed here yet, and StepFailed when the edge does not apply it within `WITHIN_S`
    seconds.
    """
    target = context.target(context.stored())
    before = target.traffic_status().maintenance
    if before is not None:
        _set(target, clock, None)
    return before


def _set(target: Target, clock: Clock, wanted: Maintenance | None) -> None:
    target.set_maintenance(wanted)
    if target.fleet_status().started:
        Waiter(clock).wait_until(
            lambda: target.traffic_status().maintained == wanted,
            within=WITHIN_S,
            waiting_for="the edge to apply the change",
            remedy="mainstay logs edge",
        )
