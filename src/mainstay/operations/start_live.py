"""Start the live release after `down`, a reboot or the loss of the supervisor. Report what does not start, and why."""

from typing import NamedTuple, Protocol

from mainstay.drivers.world import World
from mainstay.engine.runner import Runner
from mainstay.errors import Interrupted, MainstayError, StepFailed
from mainstay.history.summary import LiveRelease
from mainstay.model import Fleet, FleetStatus, Instance
from mainstay.operations import front_door
from mainstay.operations.context import Context
from mainstay.operations.history import history_of
from mainstay.operations.session import locked
from mainstay.operations.shortfall import shortfall
from mainstay.steps.support import failure_text, fleet_state, waits
from mainstay.system.clock import SystemClock, Waiter

DATASTORE_ALLOWANCE_S = 60.0
"""Seconds added to the time limit for datastores: services wait for them, and a killed datastore first replays its
log."""
DATASTORE_CRASHES_FOR_S = 15.0
"""Seconds after the start during which a datastore that exits early does not end the wait: it may refuse to start
while its predecessor's process, killed in a crash, has not been reaped."""


class Notices(Protocol):
    """Shows the operator what happens before a run begins."""

    def progress(self, what: str) -> None:
        """Show what the command is waiting for."""

    def warning(self, problem: MainstayError) -> None:
        """Show a problem that does not end the command."""


class StartResult(NamedTuple):
    """The result of a start."""

    live: LiveRelease | None = None
    """The live release; None: no release is live, or the start was skipped."""
    acted: bool = False
    """Whether the release was started; False: it was already running, no release is live, or the start was skipped."""
    failure: MainstayError | None = None
    """Why the release does not run completely or the edge does not serve; None: no failure was found."""
    ready: tuple[str, ...] = ()
    took_s: float = 0.0


NOT_STARTED = StartResult()


def start_live(
    context: Context, runner: Runner, notices: Notices, *, thorough: bool = False, only_if_stopped: bool = False
) -> StartResult:
    """Start the live release unless it already runs completely.

    *thorough*: wait for every service to start or to fail. Otherwise return as soon as one service has failed and each
    datastore runs or has failed, which is enough to plan a deploy. *only_if_stopped*: do nothing when the environment
    is started and its supervisor runs. Raises Interrupted after a signal; the services then continue to start.
    """
    live = history_of(context).live
    if live is None:
        return NOT_STARTED
    target = context.target(context.stored())
    running = target.fleet_status()
    if running.started and running.supervised:
        if only_if_stopped:
            return StartResult(live)
        if not _short(running):
            return StartResult(live, failure=front_door.lost(target, SystemClock()))
    return _start(context, live, runner, notices, thorough=thorough)


def restart_supervisor(context: Context) -> None:
    """Start the supervisor with its last desired state; if it runs already, it retries at once what has failed.

    A stopped environment stays stopped. Raises LockHeld when another process holds the lock.
    """
    target = context.target(context.stored())
    with locked(context):  # Checked under the lock: a `down` that ends meanwhile must stay in force.
        if target.fleet_status().started:
            target.start()


def _start(context: Context, live: LiveRelease, runner: Runner, notices: Notices, *, thorough: bool) -> StartResult:
    world = context.world(context.stored())
    names = ", ".join(_services(world.target.fleet_status().wanted))
    notices.progress(f"starting release {live.number} ({live.version}): {names}")
    began = world.clock.monotonic()
    # Take the lock, so that the start cannot overlap with a `down` that has just begun.
    with locked(context):
        world.target.start()

    def require_no_signal() -> None:
        if (signal := runner.interruption.signal) is not None:
            what = "interrupted; the services continue to start"
            raise Interrupted(what, signal=signal, remedy="mainstay status")

    waiter = Waiter(world.clock, require_no_signal)
    failure = StartWait(world, waiter, live, thorough=thorough).until_settled()
    ready = _ready(world.target.fleet_status())
    return StartResult(live, True, failure, ready, round(world.clock.monotonic() - began, 3))


class StartWait:
    """Waits until every service has started or failed to start, or, unless *thorough*, until the first failure."""

    def __init__(self, world: World, waiter: Waiter, live: LiveRelease, *, thorough: bool) -> None:
        self._world = world
        self._waiter = waiter
        self._live = live
        self._thorough = thorough
        self._began = world.clock.monotonic()

    def until_settled(self) -> MainstayError | None:
        """Wait, then return why the release does not run completely or the edge does not serve; None: no failure."""
        limit = _limit(self._world.target.fleet_status().wanted)
        running = self._waiter.wait_until(
            lambda: self._settled(limit), within=limit + waits.SLACK_S, waiting_for="the start of all services"
        )
        short = _short(running)
        if not short:
            return front_door.lost(self._world.target, self._world.clock)
        crashed = self._crashed(running)
        reasons = [failure_text.failure_text(self._world, one) for one in crashed.values()]
        if self._elapsed() >= limit:
            late = (service for service in short if service not in crashed)
            reasons += [
                failure_text.timeout_text(self._world, service, running.instances, running.wanted[service])
                for service in late
            ]
        ready = ", ".join(_ready(running))
        how = f"started only partially (ready: {ready})" if ready else "did not start"
        what = f"release {self._live.number} ({self._live.version}) {how}: {'; '.join(reasons)}"
        return StepFailed(what, remedy=f"mainstay logs {next(iter(crashed), short[0])}", code="not-started")

    def _settled(self, limit: float) -> FleetStatus | None:
        """Return the state that ends the wait; None while it goes on."""
        running = self._world.target.fleet_status()
        if not running.started:
            raise StepFailed("the environment was stopped while it was starting", remedy="mainstay start")
        crashed = self._crashed(running)
        waiting = set(_short(running)) - crashed.keys()
        enough = bool(crashed) and not self._thorough and not waiting & _datastores(running.wanted)
        return running if enough or not waiting or self._elapsed() >= limit else None

    def _elapsed(self) -> float:
        return self._world.clock.monotonic() - self._began

    def _crashed(self, running: FleetStatus) -> dict[str, Instance]:
        """Return one crashing instance for each service that has too few healthy instances and does not start."""
        short, patient = _short(running), set[str]()
        if self._elapsed() < DATASTORE_CRASHES_FOR_S:
            patient = _datastores(running.wanted)
        return {
            one.service: one
            for one in reversed(running.instances)
            if one.service in short
            and one.release in running.wanted[one.service]
            and fleet_state.crashes(one)
            and (one.state == "failed" or one.service not in patient)
        }


def _services(wanted: Fleet) -> list[str]:
    return sorted(name for name, members in wanted.items() if members)


def _datastores(wanted: Fleet) -> set[str]:
    return {name for name, members in wanted.items() if any(member.workload.datastore for member in members.values())}


def _short(running: FleetStatus) -> list[str]:
    """Return the services with fewer healthy instances than desired."""
    every = running.instances
    return [
        name
        for name in _services(running.wanted)
        if shortfall(running.wanted[name], {}, (one for one in every if one.service == name), in_run=False)
    ]


def _ready(running: FleetStatus) -> tuple[str, ...]:
    short = _short(running)
    return tuple(name for name in _services(running.wanted) if name not in short)


def _limit(wanted: Fleet) -> float:
    """Return how many seconds the slowest service may take, including the wait for its datastores."""
    times = [fleet_state.limit(member) for members in wanted.values() for member in members.values()]
    return max(times, default=0.0) + (DATASTORE_ALLOWANCE_S if _datastores(wanted) else 0.0)
